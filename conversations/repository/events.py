"""The log of events: a dense position per partition, each event once."""

from collections.abc import Sequence
from datetime import datetime

from pymongo.errors import BulkWriteError

from conversations.repository import outbox
from conversations.repository.database import Document, collection
from conversations.repository.indexes import EVENTS

DUPLICATE_KEY = 11000
LOOKED_AT = 100  # positions, in search of one that is not erased


def append(*, partition: int, events: Sequence[Document]) -> None:
    """Append events at the partition's next positions; those that are there are left alone.

    The unique indexes decide between writers: a position can exist only after the one before it,
    so a reader misses nothing, and a late writer cannot write twice. Whoever dies on the way has
    appended the first of them.
    """
    last = outbox.find(partition).appended
    left = list(events)
    while left:
        rows = [
            {
                "partition": partition,
                "position": position,
                "event_id": event["event_id"],
                "event": event,
            }
            for position, event in enumerate(left, start=last + 1)
        ]
        try:
            collection(EVENTS).insert_many(rows)
        except BulkWriteError as error:
            _raise_unless_taken(error)
            left = _not_there(partition, left[error.details["nInserted"] :])
            last = _last(partition, at_least=last)
        else:
            last += len(rows)
            left = []
    outbox.raise_appended(partition=partition, position=last)


def _raise_unless_taken(error: BulkWriteError) -> None:
    if any(each["code"] != DUPLICATE_KEY for each in error.details["writeErrors"]):
        raise error


def _last(partition: int, *, at_least: int) -> int:
    # From what is known: not every server finds the last one by the index alone.
    row = collection(EVENTS).find_one(
        {"partition": partition, "position": {"$gt": at_least}},
        {"position": 1},
        sort=[("position", -1)],
    )
    return row["position"] if row else at_least


def _not_there(partition: int, events: list[Document]) -> list[Document]:
    ids = [event["event_id"] for event in events]
    found = collection(EVENTS).find(
        {"partition": partition, "event_id": {"$in": ids}}, {"event_id": 1}
    )
    there = {row["event_id"] for row in found}
    return [event for event in events if event["event_id"] not in there]


def redact(*, partition: int, conversation_id: str) -> None:
    """Take the content out of all that the log has of a conversation."""
    collection(EVENTS).update_many(
        {"partition": partition, "event.conversation_id": conversation_id},
        {"$set": {"event.data": None}},
    )


def erase(*, partition: int, user_id: str, after: int, upto: int, now: datetime) -> None:
    """Empty a user's rows between two positions, and mark them for whoever removes them.

    They stay until they are published, and for a while longer: a harvester that is late would
    append again, with its content, an event that it does not find.
    """
    collection(EVENTS).update_many(
        {
            "partition": partition,
            "event.user_id": user_id,
            "position": {"$gt": after, "$lt": upto + 1},
        },
        {"$set": {"event.data": None, "erased": True, "erased_at": now}},
    )


def time_after(*, partition: int, position: int) -> str | None:
    """Return the timestamp of the first event after a position; None if the next ones are gone."""
    row = collection(EVENTS).find_one(
        {"partition": partition, "position": {"$gt": position, "$lt": position + LOOKED_AT}},
        {"event.timestamp": 1},
        sort=[("position", 1)],
    )
    return row["event"]["timestamp"] if row else None
