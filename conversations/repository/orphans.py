"""What no normal course leaves behind: found, by an index or by reading all."""

from collections.abc import Iterator
from datetime import datetime

from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS, EPOCH, EVENTS
from conversations.repository.pending import HARVESTED
from conversations.states import EVENT_TYPES, Action, Status

_WAITING = {**HARVESTED, "pending_since": 1}


def shells_before(moment: datetime) -> Iterator[Document]:
    """Yield what is left of conversations purged before a moment, as harvesting needs it."""
    return collection(CONVERSATIONS).find(
        {"status": Status.PURGED.value, "deleted_at": {"$gt": EPOCH, "$lt": moment}}, _WAITING
    )


def unmarked_documents() -> Iterator[Document]:
    """Yield documents with events that no sweep finds. Reads all documents."""
    return collection(CONVERSATIONS).find(
        {"pending_since": None, "pending_events.0": {"$exists": True}}, _WAITING
    )


def purged_conversations() -> Iterator[tuple[int, str]]:
    """Yield partition and id of each conversation whose purge is in the log. Reads all of it."""
    found = collection(EVENTS).find(
        {"event.event_type": EVENT_TYPES[Action.PURGE]},
        {"partition": 1, "event.conversation_id": 1},
    )
    for row in found:
        yield row["partition"], row["event"]["conversation_id"]


def has_content(*, partition: int, conversation_id: str) -> bool:
    """Whether the log has content of a conversation."""
    rows = collection(EVENTS).find(
        {"partition": partition, "event.conversation_id": conversation_id}, {"event.data.id": 1}
    )
    return any(row["event"].get("data") for row in rows)
