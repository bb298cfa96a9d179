"""The dry run: everything but the writing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pymongo
from bson import ObjectId

from conversations.data_migrations.migration import Migration
from conversations.repository.database import Document
from conversations.services.migrations import batch
from conversations.services.migrations.progress import MOST_ERRORS, Progress
from conversations.services.migrations.run import BATCH_LIMIT


@dataclass(kw_only=True)
class Rehearsal:
    """What a run would do.

    `fields` are the names that it would set in the first document that it would change, which
    tell nothing of anybody. `codes` counts why documents could not be migrated, `errors` has some
    of their ids.
    """

    read: int = 0
    would_change: int = 0
    fields: list[str] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    errors: dict[ObjectId, str] = field(default_factory=dict)


def rehearse(
    migration: Migration,
    *,
    before: Progress,
    terms: batch.Terms,
    batch_size: int,
    told: Callable[[int], None],
    stopped: Callable[[], bool],
) -> Rehearsal:
    """Go through what a run from `before` would go through; nothing is written, no lock is held.

    `told` is called with the number of documents read so far.
    """
    seen, cursor, found_all = Rehearsal(), before.cursor, False
    while not (found_all or stopped()):
        with pymongo.timeout(BATCH_LIMIT):
            found = batch.read_batch(migration, after=cursor, limit=batch_size)
        _count(seen, found, batch.compute(migration, found, terms=terms))
        found_all = len(found) < batch_size
        cursor = found[-1]["_id"] if found else cursor
        told(seen.read)
    return seen


def _count(seen: Rehearsal, found: list[Document], computed: batch.Computed) -> None:
    seen.read += len(found)
    seen.would_change += len(computed.writes)
    if computed.writes and not seen.fields:
        seen.fields = sorted(computed.writes[0][1])
    seen.codes.update(computed.failed.values())
    room = MOST_ERRORS - len(seen.errors)
    seen.errors |= dict(list(computed.failed.items())[:room])
