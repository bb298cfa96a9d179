"""Events that wait in their documents: found, and taken out once they are in the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import DeleteOne, UpdateOne

from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS, WAITING
from conversations.states import Status

# What harvesting needs of a document.
HARVESTED = {"user_id": 1, "partition": 1, "status": 1, "pending_events": 1}
_COUNTED = {"_id": 0, "pending_since": 1, "version": 1, "harvested": 1}
_OLDEST_FIRST = [("pending_since", 1)]
_NOTHING_LEFT = {"$eq": ["$pending_events", []]}
_PURGED = {"$eq": ["$status", Status.PURGED.value]}


def find(*, partition: int, limit: int) -> list[Document]:
    """Return documents of a partition with events waiting, the longest waiting first.

    They have what harvesting needs of them. One whose harvester died may have no event left.
    """
    found = collection(CONVERSATIONS).find(
        _waiting_in(partition), HARVESTED, sort=_OLDEST_FIRST, limit=limit
    )
    return list(found)


def find_of(user_id: str, *, limit: int) -> list[Document]:
    """Return a user's documents with events waiting, as `find` returns those of a partition."""
    found = collection(CONVERSATIONS).find(
        {"user_id": user_id, **WAITING}, HARVESTED, sort=_OLDEST_FIRST, limit=limit
    )
    return list(found)


def is_waiting(*, partition: int) -> bool:
    """Whether a document of a partition has events waiting."""
    return collection(CONVERSATIONS).find_one(_waiting_in(partition), {"_id": 1}) is not None


def waiting(*, partition: int, limit: int) -> tuple[int, datetime | None]:
    """Return how many events wait in the documents of a partition, and the oldest one's time.

    Those of the `limit` oldest documents are counted, by their versions: each has left one.
    """
    found = collection(CONVERSATIONS).find(
        _waiting_in(partition), _COUNTED, sort=_OLDEST_FIRST, limit=limit
    )
    rows = list(found)
    number = sum(row["version"] - row.get("harvested", 0) for row in rows)
    return number, rows[0]["pending_since"] if rows else None


def take(documents: Sequence[Document]) -> None:
    """Remove the events that were read with these documents, and purged ones left without any.

    All these events are in the log. What was appended meanwhile stays, and waits since its own
    time; a document without any waits no longer, in the same write. A purged one waits until it is
    removed.
    """
    writes: list[UpdateOne | DeleteOne] = [
        UpdateOne(_key(document), _without_events(document)) for document in documents
    ]
    writes += [
        DeleteOne({**_key(document), "status": Status.PURGED.value, "pending_events": {"$size": 0}})
        for document in documents
        if document["status"] == Status.PURGED
    ]
    collection(CONVERSATIONS).bulk_write(writes)


def _without_events(document: Document) -> list[dict[str, Any]]:
    events = document["pending_events"]
    taken = {"$literal": [event["event_id"] for event in events]}
    upto = events[-1]["sequence"] if events else 0
    left = {
        "$filter": {
            "input": "$pending_events",
            "cond": {"$not": [{"$in": ["$$this.event_id", taken]}]},
        }
    }
    # Not "$pending_events.timestamp": the embedded server finds nothing by a path into an array.
    since = {
        "$let": {
            "vars": {"first": {"$arrayElemAt": ["$pending_events", 0]}},
            "in": {"$dateFromString": {"dateString": "$$first.timestamp"}},
        }
    }
    none_left = {"$cond": [_PURGED, "$pending_since", "$$REMOVE"]}
    return [
        {"$set": {"pending_events": left, "harvested": {"$max": ["$harvested", upto]}}},
        {"$set": {"pending_since": {"$cond": [_NOTHING_LEFT, none_left, since]}}},
    ]


def _key(document: Document) -> Mapping[str, Any]:
    return {"_id": document["_id"], "user_id": document["user_id"]}


def _waiting_in(partition: int) -> Mapping[str, Any]:
    return {"partition": partition, **WAITING}
