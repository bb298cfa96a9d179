"""The history of a conversation as its page shows it."""

from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations.caller import Caller
from conversations.repository.database import Document
from conversations.services.history import Place, read_history

SHOWN = 20  # events on a page
DIGITS = 9  # of a sequence
CONTENT = ("title", "tags", "settings")


def timeline(
    *,
    conversation_id: ObjectId,
    before: str,
    with_content: bool,
    caller: Caller,
    now: datetime,
) -> dict[str, Any]:
    """Return the newest events, or those older than the sequence `before`, and what is older.

    Of content, the values after each change are there `with_content` only. Raises what
    read_history raises.
    """
    place = Place(sequence=int(before)) if before.isdecimal() and len(before) <= DIGITS else None
    page = read_history(
        conversation_id=conversation_id, place=place, limit=SHOWN, caller=caller, now=now
    )
    return {
        "events": [_entry(event, with_content=with_content) for event in page.events],
        "older": page.older.sequence if page.older else None,
        "newest": place is None,
    }


def _entry(event: Document, *, with_content: bool) -> dict[str, Any]:
    data = event["data"] or {}
    return {
        "type": event["event_type"],
        "time": datetime.fromisoformat(event["timestamp"]),
        "actor": event["actor"],
        "sequence": event["sequence"],
        "trace_id": event["trace_id"],
        "changed": [
            (name, _value(data.get(name)) if with_content or name not in CONTENT else None)
            for name in event["changed"]
        ],
    }


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items() if each is not None)
    return "-" if value is None else str(value)
