"""Editing a conversation: JSON merge patch (RFC 7396) over its editable members."""

from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations import dependencies
from conversations.caller import Caller
from conversations.errors import Fault, InvalidInput
from conversations.repository.database import Document
from conversations.rules import fitting_title
from conversations.services.change import Changed, change_conversation, differing_fields
from conversations.states import Action, Status, status_after


def update_conversation(
    *,
    conversation_id: ObjectId,
    patch: dict[str, Any],
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> Changed:
    """Apply a validated merge patch; members it does not name stay as they are.

    null returns a title to the character's name, empties tags, unpins, and clears settings and
    expires_at. Raises InvalidInput, StateConflict in the trash, and what change_conversation
    raises.
    """
    check_expiry(patch.get("expires_at"), now=now)
    return change_conversation(
        conversation_id=conversation_id,
        action=Action.UPDATE,
        compute=lambda document: _with_plugins(document, patch, caller=caller),
        expected_versions=expected_versions,
        caller=caller,
        now=now,
    )


def _with_plugins(document: Document, patch: dict[str, Any], *, caller: Caller) -> dict[str, Any]:
    fields = _patched(document, patch)
    if not differing_fields(document, fields):
        return {}
    added = dependencies.get().plugins.before_update(document, patch=patch, caller=caller)
    return {**fields, "metadata": {**document["metadata"], **added}}


def _patched(document: Document, patch: dict[str, Any]) -> dict[str, Any]:
    status_after(status=Status(document["status"]), action=Action.UPDATE, was_archived=False)
    fields: dict[str, Any] = {
        name: patch[name] for name in ("folder_id", "expires_at") if name in patch
    }
    if "title" in patch:
        fields.update(_titled(document, patch["title"]))
    if "tags" in patch:
        fields["tags"] = patch["tags"] or []
    if "pinned" in patch:
        fields["pinned"] = bool(patch["pinned"])
    if "settings" in patch:
        fields["settings"] = merged_settings(document["settings"], patch["settings"])
    return fields


def _titled(document: Document, title: str | None) -> dict[str, Any]:
    new = title or fitting_title(document["character"]["name"], otherwise=document["character_id"])
    if new == document["title"]:
        return {}
    return {"title": new, "title_source": "user" if title else "character"}


def merged_settings(settings: dict[str, Any], patch: dict[str, Any] | None) -> dict[str, Any]:
    """Return the settings after a merge patch; what is null is not stored."""
    merged = {**settings, **patch} if patch is not None else {}
    return {name: value for name, value in merged.items() if value is not None}


def check_expiry(expires_at: datetime | None, *, now: datetime) -> None:
    """Raise InvalidInput if an expiry is given and is not in the future."""
    if expires_at is not None and expires_at <= now:
        fault = Fault(path=("expires_at",), code="in_the_past", detail="Must be in the future.")
        raise InvalidInput([fault])
