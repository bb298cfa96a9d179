"""The log of events: a dense position per partition, each event once."""

from collections.abc import Sequence

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS, EVENTS


def append(*, partition: int, event: Document) -> None:
    """Append an event at the partition's next position; one that is there already is left alone.

    The unique indexes decide between writers: a position can exist only after the one before it,
    so a reader misses nothing, and a late writer cannot write twice.
    """
    event_id = event["event_id"]
    while True:
        row = {"partition": partition, "position": _last(partition) + 1, "event_id": event_id}
        try:
            collection(EVENTS).insert_one({**row, "event": event})
        except DuplicateKeyError:
            if _is_there(partition, event_id):
                return
        else:
            return


def _last(partition: int) -> int:
    row = collection(EVENTS).find_one(
        {"partition": partition}, {"position": 1}, sort=[("position", -1)]
    )
    return row["position"] if row else 0


def _is_there(partition: int, event_id: str) -> bool:
    found = collection(EVENTS).find_one({"partition": partition, "event_id": event_id}, {"_id": 1})
    return found is not None


def redact(*, partition: int, conversation_id: str) -> None:
    """Take the content out of all that the log has of a conversation."""
    collection(EVENTS).update_many(
        {"partition": partition, "event.conversation_id": conversation_id},
        {"$set": {"event.data": None}},
    )


def take_pending(*, document_id: ObjectId, event_ids: Sequence[str], upto: int) -> None:
    """Remove events that are in the log from their document; `upto` is the last one's sequence."""
    collection(CONVERSATIONS).update_one(
        {"_id": document_id},
        {
            "$pull": {"pending_events": {"event_id": {"$in": list(event_ids)}}},
            "$max": {"harvested": upto},
        },
    )
    collection(CONVERSATIONS).update_one(
        {"_id": document_id, "pending_events": {"$size": 0}}, {"$unset": {"pending_since": 1}}
    )


def remove_shell(document_id: ObjectId) -> None:
    """Delete what is left of a purged conversation once its last event is in the log."""
    collection(CONVERSATIONS).delete_one(
        {"_id": document_id, "status": "purged", "pending_events": {"$size": 0}}
    )
