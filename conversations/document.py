"""The stored document: what a new one looks like, and the fields derived from others."""

import zlib
from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations.repository.database import Document
from conversations.rules import fold, search_terms
from conversations.states import Status

PARTITIONS = 16  # fixed for ever: positions in the event log depend on it
DERIVING = frozenset({"title", "tags", "character"})


def partition_of(user_id: str) -> int:
    """Return the partition of the event log that a user's events go to."""
    return zlib.crc32(user_id.encode()) % PARTITIONS


def is_migrated(document: Document) -> bool:
    """Whether it is one of the service's own, or made so by `manage.py migrate_data`.

    Only then has it a partition. Imported documents of the former layout wait unseen until then.
    """
    return document.get("partition") is not None


def derived_fields(document: Document) -> dict[str, Any]:
    """Return what is stored for sorting and searching, from title, tags and character."""
    title = document["title"]
    return {
        "title_sort": fold(title),
        "search_terms": search_terms(title, *document["tags"], document["character"]["name"]),
    }


def new_document(
    *,
    user_id: str,
    character_id: str,
    character: dict[str, Any],
    title: str,
    title_source: str,
    tags: list[str],
    settings: dict[str, Any],
    pinned: bool,
    expires_at: datetime | None,
    now: datetime,
    conversation_id: ObjectId | None = None,
) -> Document:
    """Return a new active conversation, without its event.

    `character` is the snapshot {name, avatar_url}; `title_source` is user, character or auto.
    """
    document = {
        "_id": conversation_id or ObjectId(),
        "user_id": user_id,
        "character_id": character_id,
        "character": character,
        "title": title,
        "title_source": title_source,
        "status": Status.ACTIVE.value,
        "pinned": pinned,
        "tags": tags,
        "folder_id": None,
        "settings": settings,
        "metadata": {"last_activity": now, "message_count": 0},
        "created_at": now,
        "updated_at": now,
        "archived_at": None,
        "deleted_at": None,
        "expires_at": expires_at,
        "version": 1,
        "activity_rev": 0,
        "recent_activity": [],
        "partition": partition_of(user_id),
    }
    return {**document, **derived_fields(document)}
