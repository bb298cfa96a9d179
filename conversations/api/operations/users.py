"""The documentation of the operations on all that is held about a user."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from conversations.api import patterns
from conversations.api.ndjson import BYTES, NDJSON
from conversations.api.operations.common import location
from conversations.api.operations.jobs import JOB, answer
from conversations.api.schema import problems
from conversations.api.shapes_jobs import JobShape

_USER_ID = OpenApiParameter(
    name="user_id",
    type=patterns.string(128, patterns.USER_ID),
    location=OpenApiParameter.PATH,
    description="Who is to be erased.",
)
_DISPOSITION = OpenApiParameter(
    name="Content-Disposition",
    type=str,
    location=OpenApiParameter.HEADER,
    response=[200],
    description="A name for the file.",
)
_LINES = OpenApiResponse(
    response=OpenApiTypes.BINARY,
    description="A JSON object on each line, told apart by `type`: `header`; `conversation`, "
    "`event`, `job` and `idempotency_key`; and `end`, whose `count` is the number of lines "
    "between the two. Without `end` it is not whole.",
    examples=[
        OpenApiExample(
            name="example",
            value='{"type":"header","format":1,"user_id":"u1",'
            '"exported_at":"2026-11-24T10:00:00.000Z"}\n{"type":"end","count":0}\n',
            response_only=True,
        )
    ],
)

OPERATIONS: dict[str, Any] = {
    "export": extend_schema(
        operation_id="export_user_data",
        tags=["users"],
        summary="Export all that is held about the caller",
        description="Conversations of every status, what happened to them, jobs and kept keys: "
        "streamed as NDJSON, however much it is.",
        parameters=[_DISPOSITION],
        # Client generators know the second media type, and not the first.
        responses={
            (200, NDJSON): _LINES,
            (200, BYTES): _LINES,
            **problems(["too_many_exports"]),
        },
    ),
    "erase": extend_schema(
        operation_id="erase_user_data",
        tags=["users"],
        summary="Erase all that is held about a user",
        description="Needs the scope `conversations:admin`. The job's result is a receipt without "
        "personal data. While an erasure of the user is under way it is answered again.",
        request=None,
        parameters=[_USER_ID, location(202)],
        responses={
            202: answer(JobShape, JOB, "The job."),
            **problems(["not_found"]),
        },
    ),
}
