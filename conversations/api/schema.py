"""How the OpenAPI document is made: what all operations have in common is added here."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from conversations import rules
from conversations.activity import MOST_IN_BATCH
from conversations.api import patterns
from conversations.api.problems import CATALOGUE, CONTENT_TYPE
from conversations.api.serializers.conversation import SettingsSerializer
from conversations.api.shapes import ProblemShape

EXAMPLE_ID = "6741b1f0c3a5d2e4f6a7b8c9"
_EXAMPLE_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_EVERYWHERE = (
    "invalid_request",
    "not_authenticated",
    "invalid_token",
    "insufficient_scope",
    "method_not_allowed",
    "not_acceptable",
    "uri_too_long",
    "too_many_requests",
    "headers_too_large",
    "internal_error",
    "database_unavailable",
    "upstream_unavailable",
)
_WITH_BODY = (
    "malformed_request",
    "payload_too_large",
    "unsupported_media_type",
)

Responses = dict[tuple[str, str], OpenApiResponse]


def problems(codes: Iterable[str]) -> Responses:
    """Return the documented responses for codes of the catalogue, one for each status."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[CATALOGUE[code].status].append(code)
    return {
        (str(status), CONTENT_TYPE): OpenApiResponse(
            response=ProblemShape,
            description=" ".join(f"`{code}`: {CATALOGUE[code].title}." for code in same),
            examples=[_problem_example(code) for code in same],
        )
        for status, same in sorted(by_status.items())
    }


def _problem_example(code: str) -> OpenApiExample:
    value = example_problem(code, instance=f"/api/v1/conversations/{EXAMPLE_ID}")
    return OpenApiExample(name=code, value=value, response_only=True)


def example_problem(code: str, *, instance: str) -> dict[str, Any]:
    """Return a problem with this code as an example shows it."""
    problem = CATALOGUE[code]
    value: dict[str, Any] = {
        "type": f"https://conversations.example/api/problems/{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.advice,
        "code": code,
        "instance": instance,
        "trace_id": _EXAMPLE_TRACE,
    }
    if code == "invalid_request":
        fault = {"pointer": "#/title", "code": "too_long", "detail": "At most 200 characters."}
        value["errors"] = [fault]
    return value


def _header(name: str, description: str, *, responses: list[int] | bool) -> OpenApiParameter:
    return OpenApiParameter(
        name=name,
        type=str,
        location=OpenApiParameter.HEADER,
        description=description,
        response=responses,
    )


_OWNER = OpenApiParameter(
    name="user_id",
    type=patterns.string(128, patterns.USER_ID),
    description="Whose data: another user's needs the scope `conversations:admin`.",
)
# The others come before the caller is known, or, 500, instead of what was to be answered.
_KNOWING_THE_CALLER = [
    *(200, 201, 202, 204, 304),
    *(400, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 429, 503),
]
_COMMON_PARAMETERS = [
    OpenApiParameter(
        name="X-Trace-Id",
        type=patterns.string(64, patterns.TRACE_ID),
        location=OpenApiParameter.HEADER,
        description="The trace to continue, 1-64 of `[A-Za-z0-9-]`; a new one begins otherwise.",
    ),
    _header("Cache-Control", "Who may keep it, and how.", responses=True),
    _header("WWW-Authenticate", "The token or the scope that is asked for.", responses=[401, 403]),
    _header("Allow", "The methods of this URL.", responses=[405]),
    _header("Access-Control-Allow-Origin", "For pages of an allowed origin.", responses=True),
    _header("Retry-After", "Seconds.", responses=[429, 503]),
    _header(
        "RateLimit-Policy",
        'Where there is a limit: `"default";q=600;w=60` is 600 requests in any 60 seconds.',
        responses=True,
    ),
    _header(
        "RateLimit",
        'What is left of it: `"default";r=599;t=60` is 599 requests, and one more in 60 seconds.',
        responses=True,
    ),
    _header(
        "X-Degraded",
        "`characters-stale`, `auth-local`: a fallback had a part in this answer.",
        responses=_KNOWING_THE_CALLER,
    ),
]


class ProblemAwareSchema(AutoSchema):
    """Adds to every operation the errors, parameters and headers that all of them have.

    An operation names its own errors as `responses={…, **problems([…])}`.
    """

    def get_override_parameters(self) -> list[Any]:
        """Return what every operation takes and every answer carries."""
        view: Any = self.view
        owner = [] if view.action in view.without_owner else [_OWNER]
        return [*super().get_override_parameters(), *owner, *_COMMON_PARAMETERS]

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        # An empty body is no JSON, also where every member may be left out.
        body: dict[str, Any] | None = super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # drf-spectacular is half typed
        return body and {**body, "required": True}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        codes = (*_EVERYWHERE, *(() if self.method == "GET" else _WITH_BODY))
        for (status, media_type), response in problems(codes).items():
            common = self._get_response_for_code(response, status, [media_type], direction)  # type: ignore[no-untyped-call]  # as above
            own = bodies.setdefault(status, common)
            if own is not common:
                _merge(own, common)
        return dict(sorted(bodies.items()))


def _merge(own: dict[str, Any], common: dict[str, Any]) -> None:
    """Add to an operation's own response what all operations can answer with the same status."""
    own["description"] += f" {common['description']}"
    for media_type, content in common["content"].items():
        own["content"][media_type].setdefault("examples", {}).update(content["examples"])


class BearerScheme(OpenApiAuthenticationExtension):
    """Names the security scheme of BearerAuthentication."""

    target_class = "conversations.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002
        """Return the scheme, RFC 6750."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the Auth Service; its claim `user_id` is the caller. "
            "The claim `scope` may hold `conversations:admin` and `conversations:activity`. "
            "Checked as RFC8725 asks: one algorithm, `exp` required, issuer and audience where "
            "they are configured.",
        }


# What the serializers check by functions, which no generator can read.
_LIMITS: dict[str, dict[str, Any]] = {
    "title": {
        "minLength": 1,
        "maxLength": rules.TITLE_MAX,
        "pattern": patterns.TITLE,
        "description": "Trimmed. `<`, `>`, control and bidi-override characters are refused. "
        "Null or absent: the character's name.",
    },
    "character_id": {"maxLength": 128, "pattern": patterns.CHARACTER_ID},
    "tags": {
        "maxItems": rules.TAGS_MAX,
        "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": rules.TAG_MAX,
            "pattern": patterns.TAG,
        },
        "description": "Those that differ in case alone collapse to the first. No `/` in them.",
    },
    "model": {"minLength": 1, "maxLength": rules.MODEL_MAX},
    "language": {
        "maxLength": rules.LANGUAGE_MAX,
        "pattern": patterns.LANGUAGE,
        "description": "BCP 47, such as `en` or `pt-BR`.",
    },
    "system_prompt": {"maxLength": rules.SYSTEM_PROMPT_MAX},
    "message_id": {"minLength": 1, "maxLength": 255},
    "conversation_id": {"minLength": 1, "maxLength": 255},
    "user_id": {"maxLength": 128, "pattern": patterns.USER_ID},
    "suggested_title": {"maxLength": rules.TITLE_MAX, "pattern": patterns.TITLE},
    "items": {"minItems": 1, "maxItems": MOST_IN_BATCH},
    "folder_id": {"maxLength": 24, "pattern": patterns.OBJECT_ID},
    "template_id": {"maxLength": 24, "pattern": patterns.OBJECT_ID},
    "expires_at": {"description": "From then on the conversation is hidden. RFC 3339."},
}


class StrictSerializerExtension(OpenApiSerializerExtension):
    """Describes request bodies: closed objects, with the limits that functions check."""

    target_class = "conversations.api.serializers.strict.StrictSerializer"
    match_subclasses = True

    def get_name(self, auto_schema: AutoSchema, direction: Any) -> str | None:  # noqa: ARG002
        """Return the component's name: answers have the shorter name for settings."""
        return "SettingsPatch" if isinstance(self.target, SettingsSerializer) else None

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        """Return the object's schema."""
        schema: dict[str, Any] = auto_schema._map_serializer(  # noqa: SLF001  # drf-spectacular's own extensions do
            self.target, direction, bypass_extensions=True
        )
        for name, described in schema["properties"].items():
            described.update(_LIMITS.get(name, {}))
        return {**schema, "additionalProperties": False}
