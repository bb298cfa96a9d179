"""Archiving: out of the daily list, still readable and editable, and back."""

from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations.caller import Caller
from conversations.repository.database import Document
from conversations.services.change import Changed, change_conversation
from conversations.states import Action, Status, status_after


def archive_conversation(
    *,
    conversation_id: ObjectId,
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> Changed:
    """Archive; on an archived conversation nothing changes. Raises StateConflict in the trash."""
    return change_conversation(
        conversation_id=conversation_id,
        action=Action.ARCHIVE,
        compute=lambda document: _moved(document, Action.ARCHIVE, archived_at=now),
        expected_versions=expected_versions,
        caller=caller,
        now=now,
    )


def unarchive_conversation(
    *,
    conversation_id: ObjectId,
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> Changed:
    """Make active again; on an active one nothing changes. Raises StateConflict in the trash."""
    return change_conversation(
        conversation_id=conversation_id,
        action=Action.UNARCHIVE,
        compute=lambda document: _moved(document, Action.UNARCHIVE, archived_at=None),
        expected_versions=expected_versions,
        caller=caller,
        now=now,
    )


def _moved(document: Document, action: Action, *, archived_at: datetime | None) -> dict[str, Any]:
    status = Status(document["status"])
    after = status_after(status=status, action=action, was_archived=False)
    return {} if after is status else {"status": after.value, "archived_at": archived_at}
