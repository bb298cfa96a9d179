"""A conversation as outsiders see it: in answers and in events."""

from datetime import datetime
from typing import Any

from conversations.repository.database import Document

SETTINGS = ("model", "temperature", "max_tokens", "language", "system_prompt")


def timestamp(moment: datetime) -> str:
    """Return a UTC datetime, as the database holds it, as RFC 3339 with milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds") + "Z"


def optional_timestamp(moment: datetime | None) -> str | None:
    """Return a datetime that may be missing as text."""
    return None if moment is None else timestamp(moment)


def represent_metadata(metadata: Document) -> dict[str, Any]:
    """Return what is known about the messages."""
    return {
        **metadata,
        "last_activity": timestamp(metadata["last_activity"]),
        # Deletions can be told of before their messages: the sum is kept, the count shown.
        "message_count": max(0, metadata["message_count"]),
    }


def represent_row(document: Document) -> dict[str, Any]:
    """Return the light form that lists show: everything but the settings."""
    return {
        "id": str(document["_id"]),
        "user_id": document["user_id"],
        "character_id": document["character_id"],
        "character": document["character"],
        "title": document["title"],
        "status": document["status"],
        "pinned": document["pinned"],
        "tags": document["tags"],
        "folder_id": document["folder_id"],
        "metadata": represent_metadata(document["metadata"]),
        "created_at": timestamp(document["created_at"]),
        "updated_at": timestamp(document["updated_at"]),
        "archived_at": optional_timestamp(document["archived_at"]),
        "deleted_at": optional_timestamp(document["deleted_at"]),
        "expires_at": optional_timestamp(document["expires_at"]),
        "version": document["version"],
    }


def represent(document: Document) -> dict[str, Any]:
    """Return the whole conversation."""
    settings = document["settings"]
    return {**represent_row(document), "settings": {name: settings.get(name) for name in SETTINGS}}
