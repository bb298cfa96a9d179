"""Conversations of the former service (FastAPI, Beanie), imported as they were.

They have user_id, character_id, title, status, tags, settings, metadata.last_activity,
metadata.message_count, created_at, updated_at; what marks them is that they have no partition.
docs/data-migrations.md states what becomes of each field, and of values that break a rule.
"""

from datetime import UTC, datetime
from typing import Any

from bson import ObjectId

from conversations.caller import system_caller
from conversations.data_migrations import leniency
from conversations.data_migrations.migration import Unfit
from conversations.document import is_migrated, new_document
from conversations.events.envelope import CREATED, envelope
from conversations.repository.database import Document
from conversations.repository.indexes import CONVERSATIONS
from conversations.rules import CHARACTER_ID, USER_ID
from conversations.states import Status

ABOUT = "documents of the former service become today's"
COLLECTION = CONVERSATIONS
FIELDS = (
    "user_id",
    "character_id",
    "title",
    "status",
    "tags",
    "settings",
    "metadata",
    "created_at",
    "updated_at",
    "version",
    "partition",
)
LEFT = {"partition": None}
ACTOR = "system:migrate_data"
_STATUSES = {status.value: status for status in (Status.ACTIVE, Status.ARCHIVED, Status.DELETED)}


def wants(document: Document) -> bool:
    """Whether it is still in the former layout."""
    return not is_migrated(document)


def changes(document: Document, *, now: datetime, announce: bool) -> Document:
    """Return today's fields for a document; raises Unfit if an id or the status is not usable."""
    after = _after(document, now=now)
    # Neither is ever set: the one cannot change, by the other a cluster is sharded.
    fields = {name: value for name, value in after.items() if name not in ("_id", "user_id")}
    if not announce:
        # As after a harvest: no event of this version is to be expected.
        return {**fields, "pending_events": [], "harvested": fields["version"]}
    event = envelope(
        event_type=CREATED,
        after=after,
        caller=system_caller(actor=ACTOR, owner=after["user_id"], seconds=0),
        now=now,
        changed=(),
    )
    return {**fields, "pending_events": [event], "pending_since": now}


def _after(document: Document, *, now: datetime) -> Document:
    character_id = _character_id(document.get("character_id"))
    title = leniency.title(document.get("title"))
    status = _status(document.get("status"))
    metadata = document.get("metadata")
    told = metadata if isinstance(metadata, dict) else {}
    created_at = min(leniency.moment(document.get("created_at")) or _born(document["_id"]), now)
    updated_at = _between(created_at, leniency.moment(document.get("updated_at")), now)
    today = new_document(
        user_id=_user_id(document.get("user_id")),
        character_id=character_id,
        # What it is called is known to the Characters Service alone.
        character={"name": character_id, "avatar_url": None},
        title=title or character_id,
        title_source="user" if title else "character",
        tags=leniency.tags(document.get("tags")),
        settings=leniency.settings(document.get("settings")),
        pinned=False,
        expires_at=None,
        now=created_at,
        conversation_id=document["_id"],
    )
    return {
        **today,
        "status": status.value,
        "metadata": {
            "last_activity": _between(
                created_at, leniency.moment(told.get("last_activity")) or updated_at, now
            ),
            "message_count": leniency.count(told.get("message_count")),
        },
        "updated_at": updated_at,
        "archived_at": updated_at if status is Status.ARCHIVED else None,
        # From today on: nothing shall be purged on the day of the move.
        "deleted_at": now if status is Status.DELETED else None,
    }


def _user_id(value: Any) -> str:
    if not (isinstance(value, str) and USER_ID.match(value)):
        raise Unfit("user_id")
    return value


def _character_id(value: Any) -> str:
    text = str(value) if isinstance(value, str | int | ObjectId) else ""
    if not CHARACTER_ID.match(text):
        raise Unfit("character_id")
    return text


def _status(value: Any) -> Status:
    """Return the status that is meant: `ARCHIVED` and `ConversationStatus.ARCHIVED` are as well."""
    if value is None:
        return Status.ACTIVE
    found = _STATUSES.get(str(value).strip().lower().rpartition(".")[2])
    if found is None:
        raise Unfit("status")
    return found


def _born(document_id: ObjectId) -> datetime:
    return document_id.generation_time.astimezone(UTC).replace(tzinfo=None)


def _between(earliest: datetime, value: datetime | None, latest: datetime) -> datetime:
    return min(max(value or earliest, earliest), latest)
