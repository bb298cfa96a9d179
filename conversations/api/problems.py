"""Problem details (RFC 9457): every error code of the API, and how one is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from conversations.errors import Fault

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One kind of error. `title` is the same each time; `advice` is for its page."""

    code: str
    status: int
    title: str
    advice: str


def _catalogue(*problems: Problem) -> dict[str, Problem]:
    return {problem.code: problem for problem in problems}


CATALOGUE = _catalogue(
    Problem(
        code="invalid_request",
        status=400,
        title="The request is not valid",
        advice="`errors` names each fault by `pointer`, `parameter` or `header`. Mend and resend.",
    ),
    Problem(
        code="malformed_request",
        status=400,
        title="The request could not be read",
        advice="The body is not JSON, or the HTTP message itself is broken.",
    ),
    Problem(
        code="invalid_host",
        status=400,
        title="The Host header is not accepted",
        advice="Call the service by a name listed in ALLOWED_HOSTS.",
    ),
    Problem(
        code="not_authenticated",
        status=401,
        title="A bearer token is needed",
        advice="Send `Authorization: Bearer <token>` with a token of the Auth Service.",
    ),
    Problem(
        code="invalid_token",
        status=401,
        title="The token is not valid",
        advice="It is expired, revoked, wrongly signed or malformed. Ask the Auth Service for one.",
    ),
    Problem(
        code="forbidden",
        status=403,
        title="This is not yours to see or change",
        advice="It belongs to another user.",
    ),
    Problem(
        code="insufficient_scope",
        status=403,
        title="The token lacks the scope for this",
        advice="`detail` names the scope that is needed.",
    ),
    Problem(
        code="feature_disabled",
        status=403,
        title="This feature is switched off",
        advice="An operator can switch it on.",
    ),
    Problem(
        code="not_found",
        status=404,
        title="There is nothing here",
        advice="The id or the path is wrong, or what was there is gone for good.",
    ),
    Problem(
        code="method_not_allowed",
        status=405,
        title="The method is not allowed here",
        advice="`Allow` lists the methods of this URL.",
    ),
    Problem(
        code="not_acceptable",
        status=406,
        title="No such representation",
        advice="The API answers in JSON: accept application/json.",
    ),
    Problem(
        code="state_conflict",
        status=409,
        title="Its state does not allow this",
        advice="`detail` says which state it is in; restore or unarchive a conversation first.",
    ),
    Problem(
        code="idempotency_key_in_use",
        status=409,
        title="The first request with this Idempotency-Key is still under way",
        advice="Wait for as many seconds as `Retry-After` says, and send the same request again.",
    ),
    Problem(
        code="feed_position_expired",
        status=410,
        title="The feed does not go back that far",
        advice="Read what you need again, then the feed without `after`, from its oldest event.",
    ),
    Problem(
        code="version_mismatch",
        status=412,
        title="The conversation has changed",
        advice="Read it again (`ETag` tells its version now), redo the change, and resend.",
    ),
    Problem(
        code="payload_too_large",
        status=413,
        title="The body is too large",
        advice="At most 1 MiB, imports excepted.",
    ),
    Problem(
        code="uri_too_long",
        status=414,
        title="The URL is too long",
        advice="Shorten the query.",
    ),
    Problem(
        code="unsupported_media_type",
        status=415,
        title="The body's media type is not supported",
        advice="Send application/json; a PATCH also as application/merge-patch+json.",
    ),
    Problem(
        code="character_not_found",
        status=422,
        title="There is no such character",
        advice="The Characters Service does not know this character_id.",
    ),
    Problem(
        code="idempotency_key_reused",
        status=422,
        title="The Idempotency-Key was used with another body",
        advice="A key stands for one request: take a new one for another.",
    ),
    Problem(
        code="too_many_requests",
        status=429,
        title="Too many requests",
        advice="Nothing was done. Wait for as many seconds as `Retry-After` says; "
        "`RateLimit-Policy` tells how often you may call.",
    ),
    Problem(
        code="headers_too_large",
        status=431,
        title="The request's headers are too large",
        advice="Send fewer or shorter headers.",
    ),
    Problem(
        code="internal_error",
        status=500,
        title="Something went wrong here",
        advice="Nothing was lost by it. Report it with its `trace_id`.",
    ),
    Problem(
        code="service_unavailable",
        status=503,
        title="The service cannot answer now",
        advice="Try again after `Retry-After` seconds.",
    ),
    Problem(
        code="database_unavailable",
        status=503,
        title="The database cannot answer now",
        advice="Nothing was acknowledged. Try again after `Retry-After` seconds.",
    ),
    Problem(
        code="not_set_up",
        status=503,
        title="The service is not set up yet",
        advice="`detail` names the unique indexes that its database lacks. An operator runs "
        "`manage.py setup_indexes`, and the service begins by itself.",
    ),
    Problem(
        code="upstream_unavailable",
        status=503,
        title="A service this one depends on cannot answer now",
        advice="`detail` names it. Try again after `Retry-After` seconds.",
    ),
    Problem(
        code="too_contended",
        status=503,
        title="Too many changes at once",
        advice="Others keep changing the same conversation. Try again after `Retry-After` seconds.",
    ),
    Problem(
        code="too_many_exports",
        status=503,
        title="Too many exports at once",
        advice="Each holds a thread of the service. Try again after `Retry-After` seconds.",
    ),
    Problem(
        code="query_too_broad",
        status=503,
        title="The query reads too much",
        advice="Use fewer filters, or one that narrows more: a status, a tag, a character.",
    ),
)


def problem_body(
    *,
    code: str,
    detail: str,
    instance: str,
    trace_id: str,
    faults: Sequence[Fault] = (),
) -> dict[str, Any]:
    """Return the members of a problem document for an entry of the catalogue."""
    problem = CATALOGUE[code]
    body: dict[str, Any] = {
        "type": f"{settings.CONFIG.base_url}/api/problems/{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": code,
        "instance": instance,
        "trace_id": trace_id,
    }
    if faults:
        body["errors"] = [_fault_body(fault) for fault in faults]
    return body


def _fault_body(fault: Fault) -> dict[str, str]:
    body = {"code": fault.code, "detail": fault.detail}
    if fault.parameter is not None:
        return {"parameter": fault.parameter, **body}
    if fault.header is not None:
        return {"header": fault.header, **body}
    return {"pointer": json_pointer(fault.path), **body}


def json_pointer(path: Sequence[str | int]) -> str:
    """Return a JSON pointer in its URI fragment form (RFC 6901 section 6, unencoded)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)
