"""One batch: documents are read, their changes computed, and written where nothing came between.

It can be repeated, by anyone and at any time: what has been changed is not wanted any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import structlog
from bson import ObjectId

from conversations.data_migrations.migration import Migration, Unfit
from conversations.repository import rewriting
from conversations.repository.database import Document

MOST_TRIES = 5  # with documents that change between being read and written
Failed: TypeAlias = dict[ObjectId, str]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What all documents of a batch have in common: see Changes."""

    now: datetime
    announce: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Computed:
    """Documents as read, each with what is to be set, and why others cannot be migrated."""

    writes: list[tuple[Document, Document]]
    failed: Failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """How many documents were changed, and why others could not be."""

    changed: int
    failed: Failed


def read_batch(migration: Migration, *, after: ObjectId, limit: int) -> list[Document]:
    """Return the next documents, wanted or not."""
    return rewriting.read_page(
        name=migration.collection, fields=migration.fields, after=after, limit=limit
    )


def compute(migration: Migration, documents: Iterable[Document], *, terms: Terms) -> Computed:
    """Return what is to be written. A document that fails does not stop the others."""
    computed = Computed(writes=[], failed={})
    for document in documents:
        try:
            if migration.wants(document):
                changes = migration.changes(document, now=terms.now, announce=terms.announce)
                computed.writes.append((document, changes))
        except Unfit as unfit:
            computed.failed[document["_id"]] = unfit.code
        # A migration cannot foresee what an old document may hold; the others do not wait for it.
        except Exception as error:
            log.exception("data migration failed", document_id=str(document["_id"]))
            computed.failed[document["_id"]] = type(error).__name__
    return computed


def write(migration: Migration, documents: Iterable[Document], *, terms: Terms) -> Written:
    """Change the documents that are wanted; those that change meanwhile are read again."""
    changed, computed = 0, compute(migration, documents, terms=terms)
    failed = computed.failed
    for _ in range(MOST_TRIES):
        if not computed.writes:
            break
        matched, refused = rewriting.write_all(
            name=migration.collection, fields=migration.fields, writes=computed.writes
        )
        changed += matched
        failed |= refused
        if matched + len(refused) == len(computed.writes):
            break
        computed = compute(migration, _again(migration, computed, refused), terms=terms)
        failed |= computed.failed
    else:
        failed |= {document["_id"]: "contended" for document, _ in computed.writes}
    return Written(changed=changed, failed=failed)


def _again(
    migration: Migration, computed: Computed, refused: Mapping[ObjectId, str]
) -> list[Document]:
    """Return documents as they are now. Those that were written are not wanted any more."""
    ids = [each["_id"] for each, _ in computed.writes if each["_id"] not in refused]
    return rewriting.read_again(name=migration.collection, fields=migration.fields, ids=ids)
