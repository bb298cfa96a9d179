"""The documentation of the conversations' operations, apart from the code that carries them out."""

from typing import Any

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from conversations.api import patterns
from conversations.api.operations.common import CURSOR, ID, location, query_parameter
from conversations.api.pagination import (
    DEFAULT_LIMIT,
    DEFAULT_ORDERING,
    MAX_LIMIT,
    MAX_OFFSET,
    ORDERINGS,
    STRATEGIES,
)
from conversations.api.schema import EXAMPLE_ID, problems
from conversations.api.serializers.conversation import (
    ConversationCreateSerializer,
    ConversationPatchSerializer,
)
from conversations.api.shapes import ConversationShape, PageShape

_ROW: dict[str, Any] = {
    "id": EXAMPLE_ID,
    "user_id": "u1",
    "character_id": "ada",
    "character": {"name": "Ada", "avatar_url": None},
    "title": "Ada",
    "status": "active",
    "pinned": False,
    "tags": ["history"],
    "folder_id": None,
    "metadata": {"last_activity": "2026-11-24T10:00:00.000Z", "message_count": 0},
    "created_at": "2026-11-24T10:00:00.000Z",
    "updated_at": "2026-11-24T10:00:00.000Z",
    "archived_at": None,
    "deleted_at": None,
    "expires_at": None,
    "version": 1,
}
_SETTINGS = {
    "model": None,
    "temperature": 0.7,
    "max_tokens": None,
    "language": "en",
    "system_prompt": None,
}
_CONVERSATION = {**_ROW, "settings": _SETTINGS}
_CURSOR = "gAAAAABnQ8p1"
_PAGE = {
    "results": [_ROW],
    "next": f"https://conversations.example/api/v1/conversations?limit=1&cursor={_CURSOR}",
    "previous": None,
    "next_cursor": _CURSOR,
    "previous_cursor": None,
    "count": None,
}


def _answer(value: dict[str, Any], description: str, **changes: Any) -> OpenApiResponse:
    shape = PageShape if value is _PAGE else ConversationShape
    example = OpenApiExample(name="example", value={**value, **changes}, response_only=True)
    return OpenApiResponse(response=shape, description=description, examples=[example])


_IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    type={
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
    },
    location=OpenApiParameter.HEADER,
    description="A repeat with the same key within 24 hours gets the first answer.",
)
_REPLAYED = OpenApiParameter(
    name="Idempotent-Replayed",
    type=str,
    location=OpenApiParameter.HEADER,
    description="`true` where this is the answer of an earlier request with the same key.",
    response=[201],
)
_ETAG = OpenApiParameter(
    name="ETag",
    type=str,
    location=OpenApiParameter.HEADER,
    response=[200, 201, 304, 412],
    description='`"<version>"`, or `"<version>.<n>"` after n activities.',
)
_RETRY_AFTER = OpenApiParameter(
    name="Retry-After",
    type=str,
    location=OpenApiParameter.HEADER,
    response=[409],
    description="Seconds.",
)
_ACCEPT_PATCH = OpenApiParameter(
    name="Accept-Patch",
    type=str,
    location=OpenApiParameter.HEADER,
    response=[415],
    description="The media types of a patch.",
)
_ENTITY_TAGS = {
    "type": "string",
    "maxLength": patterns.LONGEST_URL,
    "pattern": r'^(\*|(W/)?"[^"]*"( *, *(W/)?"[^"]*")*)$',
}
_IF_MATCH = OpenApiParameter(
    name="If-Match",
    type=_ENTITY_TAGS,
    location=OpenApiParameter.HEADER,
    description="Change only if the version part of this ETag is still current. Without it, "
    "concurrent changes of different members all survive.",
)
_IF_NONE_MATCH = OpenApiParameter(
    name="If-None-Match",
    type=_ENTITY_TAGS,
    location=OpenApiParameter.HEADER,
    description="Answer 304 if this ETag, all of it, is still current.",
)
_PAGING = [
    query_parameter(
        "status",
        {"$ref": "#/components/schemas/StatusFilter"},
        "The status; `all` includes the trash.",
    ),
    query_parameter(
        "ordering",
        {"type": "string", "enum": sorted(ORDERINGS), "default": DEFAULT_ORDERING},
        "By what; `-` for the last first. Titles are ordered without case or accents.",
    ),
    query_parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "How many on a page.",
    ),
    query_parameter(
        "view",
        {"type": "string", "enum": ["light", "full"], "default": "light"},
        "`full` adds the settings to each row.",
    ),
    query_parameter(
        "pagination",
        {"type": "string", "enum": list(STRATEGIES), "default": "cursor"},
        "`offset` counts, and reaches the first 10,000 only.",
    ),
    CURSOR,
    query_parameter(
        "offset",
        # No default here: generated clients send defaults, and a cursor's page has no offset.
        {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET},
        "How many to skip, with `pagination=offset`.",
    ),
]
_ONE = ("forbidden", "not_found")
_CHANGE = (*_ONE, "version_mismatch", "too_contended")


def _transition(operation_id: str, summary: str, status: str, *codes: str) -> Any:
    """Describe an action that changes the status and takes no body."""
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        request=None,
        parameters=[ID, _IF_MATCH, _ETAG],
        responses={
            200: _answer(_CONVERSATION, "The conversation as it is now.", status=status),
            **problems([*_CHANGE, *codes]),
        },
    )


OPERATIONS: dict[str, Any] = {
    "list": extend_schema(
        operation_id="list_conversations",
        summary="List conversations",
        description="A page of the caller's conversations; all filters given must hold.",
        parameters=_PAGING,
        responses={200: _answer(_PAGE, "A page."), **problems(["query_too_broad"])},
    ),
    "create": extend_schema(
        operation_id="create_conversation",
        summary="Create a conversation",
        description="The Characters Service is asked for the character, and its name and picture "
        "are kept with the conversation.",
        request={
            "application/json": OpenApiRequest(
                ConversationCreateSerializer,
                examples=[
                    OpenApiExample(
                        name="example",
                        value={"character_id": "ada", "tags": ["history"]},
                        request_only=True,
                    )
                ],
            )
        },
        parameters=[_IDEMPOTENCY_KEY, _ETAG, location(201), _REPLAYED, _RETRY_AFTER],
        responses={
            201: _answer(_CONVERSATION, "Created."),
            **problems(["character_not_found", "idempotency_key_reused", "idempotency_key_in_use"]),
        },
    ),
    "retrieve": extend_schema(
        operation_id="get_conversation",
        summary="Get a conversation",
        parameters=[ID, _IF_NONE_MATCH, _ETAG],
        responses={
            200: _answer(_CONVERSATION, "The conversation."),
            304: OpenApiResponse(description="The caller has it already."),
            **problems(_ONE),
        },
    ),
    "partial_update": extend_schema(
        operation_id="update_conversation",
        summary="Change a conversation",
        description="A JSON merge patch (RFC 7396); `application/json` is taken too. Null puts a "
        "member back to its default. A patch that changes nothing keeps the version.",
        request={
            "application/merge-patch+json": OpenApiRequest(
                ConversationPatchSerializer,
                examples=[
                    OpenApiExample(
                        name="example",
                        value={"title": "Engines", "settings": {"temperature": 0.7}},
                        request_only=True,
                    )
                ],
            )
        },
        parameters=[ID, _IF_MATCH, _ETAG, _ACCEPT_PATCH],
        responses={
            200: _answer(_CONVERSATION, "The conversation as it is now.", title="Engines"),
            **problems([*_CHANGE, "state_conflict"]),
        },
    ),
    "destroy": extend_schema(
        operation_id="delete_conversation",
        summary="Delete a conversation",
        description="To the trash, from which it can be restored; or for good.",
        parameters=[
            ID,
            _IF_MATCH,
            _ETAG,
            query_parameter(
                "permanent",
                {"type": "boolean"},
                "Delete for good, from any status.",
            ),
        ],
        responses={
            204: OpenApiResponse(description="Deleted."),
            **problems(_CHANGE),
        },
    ),
    "archive": _transition(
        "archive_conversation", "Archive a conversation", "archived", "state_conflict"
    ),
    "unarchive": _transition(
        "unarchive_conversation", "Make an archived conversation active", "active", "state_conflict"
    ),
    "restore": _transition(
        "restore_conversation", "Take a conversation out of the trash", "active"
    ),
}
