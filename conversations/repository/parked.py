"""Rows of the log that the broker would not take: parked until somebody sends them again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from conversations.repository.database import Document, collection
from conversations.repository.indexes import EVENTS, PARKED

_WITHOUT_CONTENT = {"event.data": 0}


def park(*, row: Document, reason: str, now: datetime) -> None:
    """Mark a row of the log as parked."""
    collection(EVENTS).update_one(_key(row), {"$set": {"parked": {"reason": reason, "at": now}}})


def unpark(row: Document) -> None:
    """Take the mark away: the broker has this row."""
    collection(EVENTS).update_one(_key(row), {"$unset": {"parked": 1}})


def find(*, partition: int, limit: int = 0) -> list[Document]:
    """Return the rows parked in a partition, without content; with a limit the first of them."""
    rows = collection(EVENTS).find(
        _parked_in(partition), _WITHOUT_CONTENT, sort=[("parked.at", 1)], limit=limit
    )
    return sorted(rows, key=lambda row: row["position"])


def read(rows: Sequence[Document]) -> list[Document]:
    """Return rows as they are now, with content; those that are gone are left out."""
    found = [collection(EVENTS).find_one(_key(row)) for row in rows]
    return [row for row in found if row is not None]


def count(*, partition: int, limit: int) -> int:
    """Return how many rows of a partition are parked, `limit` at most."""
    return collection(EVENTS).count_documents(_parked_in(partition), limit=limit)


def _key(row: Document) -> Mapping[str, Any]:
    return {"partition": row["partition"], "position": row["position"]}


def _parked_in(partition: int) -> Mapping[str, Any]:
    return {"partition": partition, **PARKED}
