"""Whether a stored document is one of this service's: others may stand beside them."""

from datetime import datetime
from types import NoneType
from typing import Any

from bson import ObjectId

from conversations.repository.database import Document
from conversations.states import Status

_NUMBER = (int, float)
_MAYBE_A_TIME = (datetime, NoneType)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "_id": ObjectId,
    "version": _NUMBER,
    "user_id": str,
    "character_id": str,
    "character.name": str,
    "title": str,
    "status": str,
    "pinned": bool,
    "tags": list,
    "metadata.last_activity": datetime,
    "metadata.message_count": _NUMBER,
    "settings": dict,
    "partition": int,
    "created_at": datetime,
    "updated_at": datetime,
    "archived_at": _MAYBE_A_TIME,
    "deleted_at": _MAYBE_A_TIME,
    "expires_at": _MAYBE_A_TIME,
}


def odd_field(document: Document) -> str | None:
    """Return a field that is not as this service writes it, or None for a sound document.

    Of the parts that nobody outside sees, only those without which nothing can be shown are
    looked at.
    """
    for path, expected in _TYPES.items():
        if not isinstance(_value(document, path), expected):
            return path
    if document["status"] not in set(Status):
        return "status"
    return None if all(isinstance(tag, str) for tag in document["tags"]) else "tags"


def _value(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document
