"""An activity: what the Message Service tells of one message of a conversation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from bson import ObjectId

MOST_IN_BATCH = 500  # activities that are told at a time
# Activities of a conversation, the latest, among which one that is told again is known.
PROMISED = 256
REMEMBERED = max(2 * PROMISED, MOST_IN_BATCH)  # a whole batch can be told again


class ActivityType(StrEnum):
    """What happened to the message."""

    CREATED = "message.created"
    DELETED = "message.deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """One activity. `occurred_at` is UTC, in milliseconds.

    `conversation_id` is None where what was given cannot be the id of any. `user_id`, where it is
    told, is the conversation's owner. `suggested_title` is one that a user could set.
    """

    conversation_id: ObjectId | None
    message_id: str
    type: ActivityType
    occurred_at: datetime
    user_id: str | None = None
    suggested_title: str | None = None

    @property
    def mark(self) -> int:
        """What tells this activity from others of its conversation, in the 8 bytes of an int64."""
        digest = blake2b(f"{self.type} {self.message_id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)
