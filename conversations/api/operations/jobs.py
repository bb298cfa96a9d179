"""The documentation of the operations on jobs."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from conversations.api import patterns
from conversations.api.operations.common import CURSOR, ID, location, query_parameter
from conversations.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from conversations.api.schema import EXAMPLE_ID, problems
from conversations.api.shapes_jobs import JobPageShape, JobShape

KIND_MAX = 64
JOB: dict[str, Any] = {
    "id": EXAMPLE_ID,
    "kind": "erase_user_data",
    "state": "queued",
    "progress": {"done": 0, "total": None},
    "result": None,
    "errors": [],
    "created_at": "2026-11-24T10:00:00.000Z",
    "finished_at": None,
}
_RECEIPT = {
    "receipt_id": "9f1c2b7e4d5a48c6b0e3f7a1d2c4b6e8",
    "erased_at": "2026-11-24T10:00:04.000Z",
    "erased": {"conversations": 12, "events": 57, "idempotency_keys": 2, "jobs": 0},
}
_SUCCEEDED = {
    **JOB,
    "state": "succeeded",
    "progress": {"done": 12, "total": 12},
    "result": _RECEIPT,
    "finished_at": "2026-11-24T10:00:04.000Z",
}
_PAGE = {
    "results": [_SUCCEEDED],
    "next": None,
    "previous": None,
    "next_cursor": None,
    "previous_cursor": None,
    "count": None,
}


def answer(shape: Any, value: dict[str, Any], description: str) -> OpenApiResponse:
    """Return a documented answer with its example."""
    example = OpenApiExample(name="example", value=value, response_only=True)
    return OpenApiResponse(response=shape, description=description, examples=[example])


OPERATIONS: dict[str, Any] = {
    "list": extend_schema(
        operation_id="list_jobs",
        summary="List jobs",
        description="Those that the caller started, newest first; kept for 30 days after they end.",
        parameters=[
            query_parameter("kind", patterns.string(KIND_MAX, patterns.WORD), "Jobs of this kind."),
            query_parameter(
                "state",
                {"$ref": "#/components/schemas/JobState"},
                "Jobs in this state.",
            ),
            query_parameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                "How many on a page.",
            ),
            CURSOR,
        ],
        responses={
            200: answer(JobPageShape, _PAGE, "A page."),
            **problems(["query_too_broad"]),
        },
    ),
    "retrieve": extend_schema(
        operation_id="get_job",
        summary="Get a job",
        description="Its state and progress; ask again from time to time until it has ended.",
        parameters=[ID],
        responses={
            200: answer(JobShape, _SUCCEEDED, "The job."),
            **problems(["forbidden", "not_found"]),
        },
    ),
    "cancel": extend_schema(
        operation_id="cancel_job",
        summary="Cancel a job",
        description="What it has done stays done. One that is cancelled already stays as it is.",
        request=None,
        parameters=[ID, location(202)],
        responses={
            200: answer(JobShape, {**JOB, "state": "cancelled"}, "It is cancelled."),
            202: answer(JobShape, {**JOB, "state": "cancelling"}, "It will end soon."),
            **problems(["forbidden", "not_found", "state_conflict"]),
        },
    ),
}
