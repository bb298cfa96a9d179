"""A problem document as an answer: the one way any error leaves the service."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from conversations.api.problems import CATALOGUE, CONTENT_TYPE, problem_body
from conversations.errors import Fault

_COME_BACK = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_RETRY_AFTER = "1"  # seconds, where whoever raised it knew no better


def problem_response(
    *,
    request: HttpRequest,
    code: str,
    detail: str,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return the answer for an entry of the catalogue, RFC 9457.

    `headers` are added to it; 429 and 503 always tell when to come back.
    """
    body = problem_body(
        code=code,
        detail=detail,
        instance=escape_uri_path(request.path),
        trace_id=getattr(request, "trace_id", ""),
        faults=faults,
    )
    response = HttpResponse(
        orjson.dumps(body),
        status=CATALOGUE[code].status,
        content_type=CONTENT_TYPE,
        headers=dict(headers or {}),
    )
    if response.status_code in _COME_BACK:
        response.headers.setdefault("Retry-After", _RETRY_AFTER)
    return response
