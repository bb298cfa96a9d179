"""The documentation of the operations on events."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from conversations.api import patterns
from conversations.api.event_pages import DEFAULT_FEED_LIMIT, MAX_FEED_LIMIT
from conversations.api.operations.common import CURSOR, ID, query_parameter
from conversations.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from conversations.api.schema import EXAMPLE_ID, problems
from conversations.api.shapes_events import EventPageShape, HistoryPageShape

MAX_WAIT = 25  # seconds

_EVENT = {
    "event_id": "9f1c2b7e4d5a48c6b0e3f7a1d2c4b6e8",
    "event_type": "conversation.purged",
    "timestamp": "2026-11-24T10:00:00.000Z",
    "service": "conversation-service",
    "schema_version": 1,
    "conversation_id": EXAMPLE_ID,
    "user_id": "u1",
    "sequence": 4,
    "actor": "u1",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "data": None,
    "changed": [],
}
_CURSOR = "gAAAAABnQ8p1"
_URL = "https://conversations.example/api/v1"


def _page(event: dict[str, Any], *, next_page: str | None) -> dict[str, Any]:
    return {
        "results": [event],
        "next": next_page,
        "previous": None,
        "next_cursor": _CURSOR,
        "previous_cursor": None,
        "count": None,
    }


def _answer(shape: Any, value: dict[str, Any], description: str) -> OpenApiResponse:
    example = OpenApiExample(name="example", value=value, response_only=True)
    return OpenApiResponse(response=shape, description=description, examples=[example])


_ARCHIVED = {**_EVENT, "event_type": "conversation.archived", "sequence": 3}
OPERATIONS: dict[str, Any] = {
    "history": extend_schema(
        operation_id="list_conversation_history",
        summary="List what happened to a conversation",
        description="Its events, newest first, from the moment that each change is answered.",
        parameters=[
            ID,
            query_parameter(
                "limit",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_LIMIT,
                    "default": DEFAULT_LIMIT,
                },
                "How many on a page.",
            ),
            CURSOR,
        ],
        responses={
            200: _answer(
                HistoryPageShape,
                _page(
                    _ARCHIVED,
                    next_page=f"{_URL}/conversations/{EXAMPLE_ID}/history?cursor={_CURSOR}",
                ),
                "A page.",
            ),
            **problems(["forbidden", "not_found"]),
        },
    ),
    "feed": extend_schema(
        operation_id="list_events",
        summary="Read the feed of events",
        description="Oldest first, without gaps: whoever goes on from each page's `next_cursor` "
        "misses nothing. The caller's own events; with the scope `conversations:admin` "
        "everybody's, or those of `user_id`. Events of one conversation are in order.",
        parameters=[
            query_parameter(
                "after",
                patterns.string(patterns.LONGEST_URL, patterns.BASE64URL),
                "`next_cursor` of a page, or, in the feed of one user, an `event_id`. "
                "Without it the oldest events that are kept come first.",
            ),
            query_parameter(
                "limit",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_FEED_LIMIT,
                    "default": DEFAULT_FEED_LIMIT,
                },
                "How many on a page.",
            ),
            query_parameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": MAX_WAIT, "default": 0},
                "Seconds to wait for an event where there is none. Few can wait at once: an empty "
                "page that comes earlier says that there was no room.",
            ),
        ],
        responses={
            200: _answer(EventPageShape, _page(_EVENT, next_page=None), "A page, empty or not."),
            **problems(["feed_position_expired"]),
        },
    ),
}
