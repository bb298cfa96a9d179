"""The history of one conversation: its events, newest first."""

from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId

from conversations.caller import Caller
from conversations.repository import log
from conversations.repository.database import Document
from conversations.services.read import get_conversation


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Just beyond an event: the older ones follow, or, with `newer`, those after it."""

    sequence: int
    newer: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryPage:
    """Events, newest first, and where the pages on both sides begin, None where there is none."""

    events: list[Document]
    older: Place | None
    newer: Place | None


def read_history(
    *, conversation_id: ObjectId, place: Place | None, limit: int, caller: Caller, now: datetime
) -> HistoryPage:
    """Return up to `limit` events from `place` on, or the newest. Two finds.

    Raises what get_conversation raises.
    """
    # The document is read first: an event leaves it only once it is in the log, so that one which
    # moves meanwhile is seen in one of the two, or in both.
    document = get_conversation(
        conversation_id=conversation_id, caller=caller, now=now, with_pending_events=True
    )
    upwards = place is not None and place.newer
    logged = log.events_of_conversation(
        partition=document["partition"],
        conversation_id=str(conversation_id),
        sequence=_range(place),
        upwards=upwards,
        limit=limit + 1,
    )
    pending = [event for event in document.get("pending_events", ()) if _is_beyond(event, place)]
    by_id = {event["event_id"]: event for event in (*logged, *pending)}
    events = sorted(by_id.values(), key=lambda event: event["sequence"], reverse=not upwards)
    kept = events[:limit]
    return _page(kept[::-1] if upwards else kept, place=place, more=len(events) > limit)


def _range(place: Place | None) -> dict[str, int]:
    if place is None:
        return {}
    return {"$gt" if place.newer else "$lt": place.sequence}


def _is_beyond(event: Document, place: Place | None) -> bool:
    if place is None:
        return True
    sequence: int = event["sequence"]
    return sequence > place.sequence if place.newer else sequence < place.sequence


def _page(events: list[Document], *, place: Place | None, more: bool) -> HistoryPage:
    """Return the page; `more`: there is more in the direction of reading."""
    if place is None:
        older = Place(sequence=events[-1]["sequence"]) if more else None
        return HistoryPage(events=events, older=older, newer=None)
    # Of an empty page the way back begins at the event that its place stands at.
    turned = place.sequence + (1 if place.newer else -1)
    newest = events[0]["sequence"] if events else turned
    oldest = events[-1]["sequence"] if events else turned
    return HistoryPage(
        events=events,
        older=Place(sequence=oldest) if more or place.newer else None,
        newer=Place(sequence=newest, newer=True) if more or not place.newer else None,
    )
