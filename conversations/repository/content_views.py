"""Who of the staff has seen the content of which conversation."""

from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId

from conversations.repository.database import collection
from conversations.repository.indexes import CONTENT_VIEWS


def insert(
    *, conversation_ids: Sequence[ObjectId], actor: str, occasion: str, now: datetime
) -> None:
    """Store a row for each conversation. None of them holds content or says whose it is."""
    collection(CONTENT_VIEWS).insert_many(
        [
            {"conversation_id": each, "actor": actor, "occasion": occasion, "at": now}
            for each in conversation_ids
        ]
    )
