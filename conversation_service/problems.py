"""Errors that arise outside the API's views: routes, hosts, other views, middleware, bugs."""

from http import HTTPStatus
from typing import Final

from django.core.exceptions import (
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from pymongo.errors import ConnectionFailure, ExecutionTimeout

from conversations.api.problem_response import problem_response
from conversations.api.problems import CATALOGUE, CONTENT_TYPE

_CODES: Final[dict[int, str]] = {
    HTTPStatus.BAD_REQUEST: "malformed_request",
    HTTPStatus.UNAUTHORIZED: "not_authenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "service_unavailable",
}
_STALE_FORM: Final = (
    "The form is not of this session: another login has come since, the browser keeps no cookies, "
    "or another site sent it. Load the page again, then send it."
)
_AWAY: Final = (ConnectionFailure, ExecutionTimeout)
# What says something of the body that is replaced; the rest stays: Allow, CORS, of security.
_OF_THE_BODY: Final = frozenset(
    {
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-range",
        "content-type",
        "etag",
        "last-modified",
    }
)


_DETAILS: Final = {
    "not_found": "There is nothing at this address.",
    "forbidden": "This account may not do this.",
    "malformed_request": "The request does not have the form that this address expects.",
    "database_unavailable": "The database cannot be reached now.",
}


def problem(request: HttpRequest, code: str) -> HttpResponse:
    """Return the problem `code` with the detail that fits whoever asked."""
    detail = _DETAILS.get(code, CATALOGUE[code].advice)
    return problem_response(request=request, code=code, detail=detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django finds suspicious or unreadable (handler400)."""
    if isinstance(exception, DisallowedHost):
        return problem(request, "invalid_host")
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return problem(request, "payload_too_large")
    return problem(request, "malformed_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a PermissionDenied outside the API (handler403)."""
    return problem(request, "forbidden")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer a form of the admin that was sent without its CSRF token (CSRF_FAILURE_VIEW)."""
    return problem_response(request=request, code="forbidden", detail=_STALE_FORM)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer an unknown route (handler404)."""
    return problem(request, "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that nobody handled (handler500)."""
    return problem(request, "internal_error")


def is_database_away(error: BaseException) -> bool:
    """Whether an error, PyMongo's or the ORM's for it, says that the database does not answer."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    return isinstance(cause, _AWAY)


def as_problem(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return an error of another form (a plain 405, Django's debug page) as a problem document."""
    if response.headers.get("Content-Type") == CONTENT_TYPE:
        return response
    fallback = (
        "internal_error"
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        else ("malformed_request")
    )
    replacement = problem(request, _CODES.get(response.status_code, fallback))
    for name, value in response.headers.items():
        if name.lower() not in _OF_THE_BODY:
            replacement.headers[name] = value
    replacement.cookies = response.cookies
    return replacement
