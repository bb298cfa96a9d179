"""The documentation of the activity operations."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiRequest, OpenApiResponse, extend_schema

from conversations.api.operations.common import ID
from conversations.api.schema import EXAMPLE_ID, problems
from conversations.api.serializers.activity import ActivityBatchSerializer, ActivitySerializer
from conversations.api.shapes_activity import ActivityResultsShape, ActivityTotalsShape

_ITEM = {
    "message_id": "m-1",
    "occurred_at": "2026-11-24T10:00:00.000Z",
    "type": "message.created",
    "user_id": "u1",
    "suggested_title": "Engines that weave algebra",
}
_TOTALS = {"message_count": 1, "last_activity": "2026-11-24T10:00:00.000Z"}
_TAGS = ["activity"]
_ONCE = (
    "Needs the scope `conversations:activity`. Once per type and message_id within the "
    "conversation's last 256 activities, in any order, so that it can be repeated. "
    "Neither the version nor If-Match is touched; the ETag changes."
)


def _request(serializer: Any, value: dict[str, Any]) -> dict[str, OpenApiRequest]:
    example = OpenApiExample(name="example", value=value, request_only=True)
    return {"application/json": OpenApiRequest(serializer, examples=[example])}


def _answer(shape: Any, value: dict[str, Any], description: str) -> OpenApiResponse:
    example = OpenApiExample(name="example", value=value, response_only=True)
    return OpenApiResponse(response=shape, description=description, examples=[example])


OPERATIONS: dict[str, Any] = {
    "record": extend_schema(
        operation_id="record_activity",
        summary="Record an activity",
        description=f"{_ONCE} Conversations in the trash count too.",
        tags=_TAGS,
        request=_request(ActivitySerializer, _ITEM),
        parameters=[ID],
        responses={
            200: _answer(ActivityTotalsShape, _TOTALS, "Counted, now or before."),
            **problems(["not_found", "too_contended"]),
        },
    ),
    "record_batch": extend_schema(
        operation_id="record_activity_batch",
        summary="Record activities of many conversations",
        description=f"{_ONCE} An item that is not valid refuses the batch, with nothing counted.",
        tags=_TAGS,
        request=_request(
            ActivityBatchSerializer, {"items": [{"conversation_id": EXAMPLE_ID, **_ITEM}]}
        ),
        responses={
            200: _answer(
                ActivityResultsShape,
                {
                    "results": [
                        {"index": 0, "status": "ok", **_TOTALS},
                        {"index": 1, "status": "not_found"},
                    ]
                },
                "A result for each item; counts are those after the whole batch.",
            ),
            **problems(["too_contended"]),
        },
    ),
}
