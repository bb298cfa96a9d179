"""How far a data migration is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bson import ObjectId

from conversations.repository.database import Document
from conversations.repository.rewriting import FIRST_ID

MOST_ERRORS = 100  # kept of one migration; all are counted


class State(StrEnum):
    """A migration's state.

    RUNNING is stored, and INTERRUPTED is what it means when nobody is at work. INCOMPLETE: it has
    been over all documents, and some could not be migrated.
    """

    PENDING = "pending"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    INCOMPLETE = "incomplete"
    DONE = "done"


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far a migration is, as it is stored.

    `cursor` is the last `_id` that it has been over; `read` counts documents it has been over,
    `changed` those it wrote, `failed` those it could not. `errors` are ids and codes, some of
    them. `total` is an estimate. `error` is why the last run broke off.
    """

    state: State = State.PENDING
    cursor: ObjectId = FIRST_ID
    read: int = 0
    changed: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Self:
        """Return what a stored document says; of none, that nothing has been done."""
        if document is None:
            return cls()
        known = {each.name: document[each.name] for each in fields(cls)}
        return cls(**{**known, "state": State(document["state"])})

    def fields(self) -> Document:
        """Return what is stored."""
        return {**asdict(self), "state": self.state.value}


def with_errors(errors: list[dict[str, Any]], failed: Mapping[ObjectId, str]) -> list[Document]:
    """Return the errors together with those of another batch, no more than are kept."""
    more = [{"id": document_id, "code": code} for document_id, code in failed.items()]
    return [*errors, *more][:MOST_ERRORS]
