"""The hooks: what a plugin may implement, what it is given, and what it may return.

What is given is the plugin's own copy: changing it changes nothing.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from pluggy import HookimplMarker, HookspecMarker

from conversations.caller import Caller

PROJECT = "conversation_service"
hookspec = HookspecMarker(PROJECT)
hookimpl = HookimplMarker(PROJECT)

Metadata = Mapping[str, str | int | float | bool | None]
"""Members to add to a conversation's metadata; metadata.py has their limits."""


class Conversation(TypedDict):
    """A conversation as the API shows it; times are RFC 3339 text."""

    id: str
    user_id: str
    character_id: str
    character: dict[str, str | None]
    title: str
    status: str
    pinned: bool
    tags: list[str]
    folder_id: str | None
    settings: dict[str, Any]
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    archived_at: str | None
    deleted_at: str | None
    expires_at: str | None
    version: int


class Patch(TypedDict, total=False):
    """The members of a merge patch that its caller has sent, after validation."""

    title: str | None
    tags: list[str] | None
    settings: dict[str, Any] | None
    pinned: bool | None
    folder_id: str | None
    expires_at: str | None


class Event(TypedDict):
    """An event as consumers read it (docs/events.md)."""

    event_id: str
    event_type: str
    timestamp: str
    service: str
    schema_version: int
    conversation_id: str
    user_id: str
    sequence: int
    actor: str
    trace_id: str
    data: Conversation | None
    changed: list[str]


@hookspec
def before_create(conversation: Conversation, caller: Caller) -> Metadata | None:
    """Return what to add to the metadata of a new conversation, which is about to be stored.

    It may come to nothing yet, and be asked about again under another id.
    """


@hookspec
def before_update(conversation: Conversation, patch: Patch, caller: Caller) -> Metadata | None:
    """Return what to add to the metadata of a conversation that `patch` is about to change.

    Asked anew, with the newer conversation, when another change comes first; not asked about a
    patch that changes nothing.
    """


@hookspec
def after_create(event: Event) -> None:
    """Hear that a conversation has been created, or copied from another."""


@hookspec
def after_change(event: Event) -> None:
    """Hear of any change of a conversation, its creation and its purge included."""
