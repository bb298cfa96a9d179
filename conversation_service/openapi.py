"""drf-spectacular's settings, and what is beside the API: the health of the service.

What the API's operations say of themselves is in conversations/api/operations.py.
"""

from typing import Any, Final

DESCRIPTION: Final = """\
The life cycle of conversations between users and characters.

Every error is a problem document (RFC 9457) with a stable `code`; `type` leads to a page that \
explains it. Datetimes are RFC 3339, UTC, in milliseconds. Unknown members of a body and unknown \
query parameters are refused.
"""


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _get(operation_id: str, summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "tags": ["health"],
            "security": [],
            "responses": responses,
        }
    }


def _status(*values: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"status": {"type": "string", "enum": list(values)}},
        "required": ["status"],
    }


_DEPENDENCY: Final = {
    "type": "object",
    "description": "What a probe at most 5 s ago found; some dependencies tell more.",
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
        "latency_ms": {"type": ["number", "null"]},
        "last_error": {"type": ["string", "null"]},
    },
    "required": ["status", "latency_ms"],
}
_HEALTH: Final = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "degraded"]},
        "service": {"type": "string"},
        "version": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "dependencies": {
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/DependencyHealth"},
        },
    },
    "required": ["status", "service", "version", "timestamp", "dependencies"],
}
_NOT_READY: Final = {
    "description": "`database_unavailable`: the database is away.",
    "headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}},
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

SETTINGS: Final[dict[str, Any]] = {
    "TITLE": "Conversation Service",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/"}],
    "TAGS": [
        {"name": "conversations", "description": "Create, find, change, archive, delete."},
        {"name": "activity", "description": "What the Message Service tells of messages."},
        {"name": "events", "description": "What happened, in order, for those who follow it."},
        {"name": "jobs", "description": "Work that goes on behind a request."},
        {"name": "users", "description": "All that is held about a user: exported, or erased."},
        {"name": "health", "description": "What works, for people and for orchestrators."},
    ],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # A PATCH has a serializer of its own here.
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_NAME_OVERRIDES": {
        "ActivityStatus": "conversations.api.shapes_activity.RESULT_CHOICES",
        "ActivityType": "conversations.api.serializers.activity.TYPES",
        "ConversationStatus": "conversations.api.shapes.STATUS_CHOICES",
        "JobState": "conversations.api.shapes_jobs.STATE_CHOICES",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_PATHS": {
        "/health": _get(
            "get_health",
            "Report on every dependency",
            {"200": _json({"$ref": "#/components/schemas/Health"}, "Also when some are away.")},
        ),
        "/health/live": _get(
            "get_liveness",
            "Tell whether the process serves requests",
            {"200": _json(_status("alive"), "It does.")},
        ),
        "/health/ready": _get(
            "get_readiness",
            "Tell whether requests can be served",
            {"200": _json(_status("ready"), "They can."), "503": _NOT_READY},
        ),
    },
    "APPEND_COMPONENTS": {
        "schemas": {
            "StatusFilter": {
                "type": "string",
                "enum": ["active", "archived", "deleted", "all"],
                "default": "active",
            },
            "Health": _HEALTH,
            "DependencyHealth": _DEPENDENCY,
        }
    },
}
