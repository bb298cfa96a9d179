"""Harvesting: pending events move from their document to the log, in order.

Each step can be repeated: what is in the log is not appended again, what is gone from the document
is not taken again. Whoever dies in between leaves the rest to the next.
"""

from conversations.repository import events
from conversations.repository.database import Document
from conversations.states import EVENT_TYPES, Action

MOST_PENDING = 100  # events that wait in a document before a writer harvests them itself


def is_due(document: Document) -> bool:
    """Whether so many events wait that their document grows large: each version has left one."""
    harvested: int = document.get("harvested", 0)
    return bool(document["version"] - harvested >= MOST_PENDING)


def harvest(document: Document) -> None:
    """Move the pending events of a document, read with them, to the log.

    With `conversation.purged` in the log its older events are emptied, and the shell is removed.
    """
    pending = document.get("pending_events", [])
    if not pending:
        return
    for event in pending:
        events.append(partition=document["partition"], event=event)
    events.take_pending(
        document_id=document["_id"],
        event_ids=[event["event_id"] for event in pending],
        upto=pending[-1]["sequence"],
    )
    if pending[-1]["event_type"] == EVENT_TYPES[Action.PURGE]:
        events.redact(
            partition=document["partition"], conversation_id=pending[-1]["conversation_id"]
        )
        events.remove_shell(document["_id"])
