"""Harvesting: pending events move from their documents to the log, in order.

Each step can be repeated: what is in the log is not appended again, what is gone from a document
is not taken again. A document waits until the last step is done, so whoever dies in between leaves
the rest to the next.
"""

from collections.abc import Sequence

from conversations.repository import events, pending
from conversations.repository.database import Document
from conversations.states import Status
from integrations.resilience.deadline import Deadline

MOST_PENDING = 100  # events that wait in a document before a writer harvests them itself
BATCH = 25  # documents; each may hold MOST_PENDING events


def is_due(document: Document) -> bool:
    """Whether so many events wait that their document grows large: each version has left one."""
    harvested: int = document.get("harvested", 0)
    return bool(document["version"] - harvested >= MOST_PENDING)


def harvest(document: Document) -> None:
    """Move the pending events of a document, read with them, to the log.

    With `conversation.purged` in the log its older events are emptied, and the shell is removed.
    """
    _move([document], partition=document["partition"])


def harvest_partition(partition: int, *, deadline: Deadline) -> None:
    """Move what waits in the documents of a partition, the oldest first, while there is time."""
    while not deadline.expired:
        documents = pending.find(partition=partition, limit=BATCH)
        if documents:
            _move(documents, partition=partition)
        if len(documents) < BATCH:
            return


def harvest_user(user_id: str) -> int:
    """Move what waits in a user's documents, in some of them if they are many, to the log.

    Returns in how many documents there was something.
    """
    documents = pending.find_of(user_id, limit=BATCH)
    if documents:
        _move(documents, partition=documents[0]["partition"])
    return len(documents)


def _move(documents: Sequence[Document], *, partition: int) -> None:
    waiting = [event for document in documents for event in document["pending_events"]]
    if waiting:
        events.append(partition=partition, events=waiting)
    for document in documents:
        if document["status"] == Status.PURGED:
            events.redact(partition=partition, conversation_id=str(document["_id"]))
    pending.take(documents)
