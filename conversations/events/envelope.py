"""The envelope of an event, as consumers read it (docs/events.md)."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from conversations.caller import Caller
from conversations.repository.database import Document
from conversations.representation import represent, timestamp

SERVICE = "conversation-service"
SCHEMA_VERSION = 1
CREATED = "conversation.created"
USER_ERASED = "user.erased"


def envelope(
    *,
    event_type: str,
    after: Document,
    caller: Caller,
    now: datetime,
    changed: Iterable[str],
    with_data: bool = True,
) -> dict[str, Any]:
    """Return the event of one change, ready for JSON.

    `after` is the document after the change, its version the event's sequence; `changed` names
    the members of the representation that differ. Without data the event tells nothing of the
    conversation's content.
    """
    return _event(
        event_id=uuid.uuid4().hex,
        event_type=event_type,
        about={
            "conversation_id": str(after["_id"]),
            "user_id": after["user_id"],
            "sequence": after["version"],
        },
        caller=caller,
        now=now,
        data=represent(after) if with_data else None,
        changed=sorted(changed),
    )


def user_erased(*, event_id: str, user_id: str, caller: Caller, now: datetime) -> dict[str, Any]:
    """Return the event that tells consumers to forget a user."""
    return _event(
        event_id=event_id,
        event_type=USER_ERASED,
        about={"conversation_id": None, "user_id": user_id, "sequence": None},
        caller=caller,
        now=now,
        data=None,
        changed=[],
    )


def _event(
    *,
    event_id: str,
    event_type: str,
    about: dict[str, Any],
    caller: Caller,
    now: datetime,
    data: dict[str, Any] | None,
    changed: list[str],
) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "event_type": event_type,
        "timestamp": timestamp(now),
        "service": SERVICE,
        "schema_version": SCHEMA_VERSION,
        **about,
        "actor": caller.actor,
        "trace_id": caller.trace_id,
        "data": data,
        "changed": changed,
    }
