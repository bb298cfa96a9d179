"""What the log and the outbox hold, for tests that look behind the API."""

from typing import Any

from conversations.document import partition_of
from conversations.repository import outbox
from conversations.repository.database import collection
from conversations.repository.indexes import EPOCH
from conversations.repository.outbox import Checkpoint


def logged(user_id: str) -> list[dict[str, Any]]:
    """Return the log's rows of a user, by position."""
    rows = collection("conversation_events").find(
        {"partition": partition_of(user_id), "event.user_id": user_id}
    )
    return sorted(rows, key=lambda row: row["position"])


def checkpoint(user_id: str) -> Checkpoint:
    """Return how the partition of a user stands."""
    return outbox.find(partition_of(user_id))


def expire_lease(user_id: str) -> None:
    """Let the lease of a worker that died be over."""
    collection("outbox").update_one(
        {"_id": partition_of(user_id)}, {"$set": {"leased_until": EPOCH}}
    )
