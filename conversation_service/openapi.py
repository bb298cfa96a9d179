"""drf-spectacular's settings, and what is beside the API: the health of the service.

What the API's operations say of themselves is in conversations/api/operations.py.
"""

from typing import Any, Final

from conversation_service import __version__

DESCRIPTION: Final = """\
The life cycle of conversations between users and characters.

Every error is a problem document (RFC 9457) with a stable `code`; `type` leads to a page that \
explains it. Datetimes are RFC 3339, UTC, in milliseconds. Unknown members of a body and unknown \
query parameters are refused.
"""


# Their schemas are added where the API's are: conversations/api/schema_hooks.py.
_CACHE_CONTROL: Final = {"Cache-Control": {"description": "Who may keep it, and how."}}
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds."}}
_ALLOW: Final = {"Allow": {"description": "The methods of this URL."}}


def _answer(component: str, description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "headers": _CACHE_CONTROL,
        "content": {"application/json": {"schema": _schema(component), "example": example}},
    }


def _problem(
    description: str, *codes: str, headers: dict[str, Any] | None = None
) -> dict[str, Any]:
    # The examples' values come from the catalogue of codes, where the API's are made.
    problem = {"schema": _schema("Problem"), "examples": {code: {} for code in codes}}
    return {
        "description": description,
        "headers": headers or {},
        "content": {"application/problem+json": problem},
    }


def _schema(component: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{component}"}


def _get(
    operation_id: str, summary: str, description: str, responses: dict[str, Any]
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": operation_id,
            "summary": summary,
            "description": f"{description} No token is needed.",
            "tags": ["health"],
            "security": [],
            "responses": {
                **responses,
                "400": _problem("`invalid_host`: the Host header is not accepted.", "invalid_host"),
                "405": _problem(
                    "`method_not_allowed`: GET and HEAD are.", "method_not_allowed", headers=_ALLOW
                ),
                "500": _problem("`internal_error`: something went wrong here.", "internal_error"),
            },
        }
    }


def _status(value: str, description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": {"status": {"type": "string", "const": value}},
        "required": ["status"],
    }


_DEPENDENCY: Final = {
    "type": "object",
    "description": "What a probe at most 5 s ago found; some dependencies tell more.",
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "degraded", "unhealthy"]},
        "latency_ms": {"type": ["number", "null"]},
        "last_error": {"type": ["string", "null"], "maxLength": 128, "pattern": "^[A-Za-z0-9_]+$"},
    },
    "required": ["status", "latency_ms"],
}
_HEALTH: Final = {
    "type": "object",
    "description": "What works, and how well.",
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "degraded"]},
        "service": {"type": "string", "maxLength": 128},
        "version": {"type": "string", "maxLength": 32, "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+"},
        "timestamp": {"type": "string", "format": "date-time"},
        "dependencies": {
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/DependencyHealth"},
        },
    },
    "required": ["status", "service", "version", "timestamp", "dependencies"],
}
_NOT_READY: Final = _problem(
    "`database_unavailable`: the database is away. `not_set_up`: it lacks indexes.",
    "database_unavailable",
    "not_set_up",
    headers={**_CACHE_CONTROL, **_RETRY_AFTER},
)
_HEALTH_EXAMPLE: Final = {
    "status": "degraded",
    "service": "conversation-service",
    "version": __version__,
    "timestamp": "2026-11-24T10:00:00.000Z",
    "dependencies": {
        "mongodb": {"status": "healthy", "latency_ms": 0.9},
        "redis": {"status": "unhealthy", "latency_ms": None, "last_error": "ConnectionError"},
    },
}

SETTINGS: Final[dict[str, Any]] = {
    "TITLE": "Conversation Service",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "CONTACT": {"name": "The people who run this service"},
    "SERVERS": [
        {
            "url": "/",
            "description": "Where this document comes from, in production and in development.",
            "x-internal": False,
        }
    ],
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
        "DependencyStatus": ["healthy", "degraded", "unhealthy"],
        "HealthStatus": ["healthy", "degraded"],
        "JobState": "conversations.api.shapes_jobs.STATE_CHOICES",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "conversations.api.schema_hooks.complete",
    ],
    "APPEND_PATHS": {
        "/health": _get(
            "get_health",
            "Report on every dependency",
            "Each is asked, at most every 5 s.",
            {"200": _answer("Health", "Also when some are away.", _HEALTH_EXAMPLE)},
        ),
        "/health/live": _get(
            "get_liveness",
            "Tell whether the process serves requests",
            "Nothing else is looked at.",
            {"200": _answer("Liveness", "It does.", {"status": "alive"})},
        ),
        "/health/ready": _get(
            "get_readiness",
            "Tell whether requests can be served",
            "They can where the database answers and is set up.",
            {"200": _answer("Readiness", "They can.", {"status": "ready"}), "503": _NOT_READY},
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
            "Liveness": _status("alive", "The process serves requests."),
            "Readiness": _status("ready", "Requests can be served."),
        }
    },
}
