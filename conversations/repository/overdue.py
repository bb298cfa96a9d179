"""Conversations of whomever whose time is over, the oldest first."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS, EPOCH
from conversations.repository.listing import next_value
from conversations.states import Status

BATCH = 100  # rows of one answer


def trashed_before(moment: datetime) -> Iterator[Document]:
    """Yield the id and the owner of what was put into the trash before a moment."""
    in_trash = {"status": Status.DELETED.value, "deleted_at": {"$gt": EPOCH, "$lt": moment}}
    return _find(in_trash, sort="deleted_at")


def expired(now: datetime) -> Iterator[Document]:
    """Yield the id and the owner of what has expired."""
    return _find({"expires_at": {"$gt": EPOCH, "$lt": next_value(now)}}, sort="expires_at")


def _find(query: Mapping[str, Any], *, sort: str) -> Iterator[Document]:
    return collection(CONVERSATIONS).find(query, {"user_id": 1}, sort=[(sort, 1)], batch_size=BATCH)
