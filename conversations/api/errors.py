"""The one map from what went wrong to a problem document."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse, UnreadablePostError
from pymongo.errors import ConnectionFailure, ExecutionTimeout
from rest_framework import exceptions as drf
from rest_framework.request import Request

from conversations import errors
from conversations.api.callers import MissingScope
from conversations.api.etags import etag
from conversations.api.problem_response import problem_response
from conversations.errors import Fault
from integrations.errors import UpstreamUnavailable

ACCEPT_PATCH = "application/merge-patch+json, application/json"
UPSTREAMS = {
    "auth": "Auth Service",
    "characters": "Characters Service",
    "jwks": "key service of the Auth Service",
}

Answer = Callable[[Any, Request], HttpResponse]


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Return the answer for an exception raised in a view, or None for one that is a fault here.

    DRF's EXCEPTION_HANDLER; what it returns None for becomes a 500 in the middleware.
    """
    for kind, answer in _ANSWERS:
        if isinstance(error, kind):
            return answer(error, context["request"])
    return None


def _plain(code: str) -> Answer:
    """Answer by `code` with the error's own detail, which is written for the caller."""

    def answer(error: Any, request: Request) -> HttpResponse:
        return problem_response(request=request, code=code, detail=str(error.detail))

    return answer


def _fixed(code: str, detail: str) -> Answer:
    def answer(_error: Any, request: Request) -> HttpResponse:
        return problem_response(request=request, code=code, detail=detail)

    return answer


def _invalid(error: errors.InvalidInput, request: Request) -> HttpResponse:
    return problem_response(
        request=request, code="invalid_request", detail=error.detail, faults=error.faults
    )


def _version_mismatch(error: errors.VersionMismatch, request: Request) -> HttpResponse:
    headers = {"ETag": etag(version=error.version, activity=error.activity)}
    return problem_response(
        request=request, code="version_mismatch", detail=error.detail, headers=headers
    )


def _key_in_use(error: errors.KeyInUse, request: Request) -> HttpResponse:
    return problem_response(
        request=request,
        code="idempotency_key_in_use",
        detail=error.detail,
        headers={"Retry-After": "1"},
    )


def _character_unknown(error: errors.CharacterUnknown, request: Request) -> HttpResponse:
    fault = Fault(path=("character_id",), code="character_not_found", detail=error.detail)
    return problem_response(
        request=request, code="character_not_found", detail=error.detail, faults=[fault]
    )


def _upstream_unavailable(error: UpstreamUnavailable, request: Request) -> HttpResponse:
    return problem_response(
        request=request,
        code="upstream_unavailable",
        detail=f"The {UPSTREAMS[error.upstream]} cannot be reached now.",
        headers={"Retry-After": str(error.retry_after)},
    )


def _unauthenticated(error: drf.APIException, request: Request) -> HttpResponse:
    sent = not isinstance(error, drf.NotAuthenticated)
    return problem_response(
        request=request,
        code="invalid_token" if sent else "not_authenticated",
        detail=_token_detail(error) if sent else "No bearer token was sent.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"' if sent else "Bearer"},
    )


def _token_detail(error: drf.APIException) -> str:
    detail = error.detail
    return str(detail["detail"]) if isinstance(detail, dict) else "The bearer token is not valid."


def _missing_scope(error: MissingScope, request: Request) -> HttpResponse:
    challenge = f'Bearer error="insufficient_scope", scope="{error.scope}"'
    return problem_response(
        request=request,
        code="insufficient_scope",
        detail=error.detail,
        headers={"WWW-Authenticate": challenge},
    )


def _unsupported_media_type(_error: Exception, request: Request) -> HttpResponse:
    headers = {"Accept-Patch": ACCEPT_PATCH} if request.method == "PATCH" else {}
    return problem_response(
        request=request,
        code="unsupported_media_type",
        detail="The body must be JSON.",
        headers=headers,
    )


def _throttled(error: Any, request: Request) -> HttpResponse:
    return problem_response(
        request=request,
        code="too_many_requests",
        detail="The requests that may be made at this time are spent.",
        headers={"Retry-After": str(error.wait)},
    )


_ANSWERS: tuple[tuple[type[Exception], Answer], ...] = (
    (errors.InvalidInput, _invalid),
    (errors.NotTheOwner, _plain("forbidden")),
    (errors.FeatureDisabled, _plain("feature_disabled")),
    (errors.ConversationNotFound, _plain("not_found")),
    (errors.JobNotFound, _plain("not_found")),
    (errors.StateConflict, _plain("state_conflict")),
    (errors.VersionMismatch, _version_mismatch),
    (errors.CharacterUnknown, _character_unknown),
    (errors.TooContended, _plain("too_contended")),
    (errors.QueryTooBroad, _plain("query_too_broad")),
    (errors.TooManyExports, _plain("too_many_exports")),
    (errors.NotSetUp, _plain("not_set_up")),
    (errors.FeedPositionExpired, _plain("feed_position_expired")),
    (errors.KeyReused, _plain("idempotency_key_reused")),
    (errors.KeyInUse, _key_in_use),
    (MissingScope, _missing_scope),
    (UpstreamUnavailable, _upstream_unavailable),
    (drf.NotAuthenticated, _unauthenticated),
    (drf.AuthenticationFailed, _unauthenticated),
    (drf.PermissionDenied, _fixed("forbidden", "This is not allowed.")),
    (PermissionDenied, _fixed("forbidden", "This is not allowed.")),
    (Http404, _fixed("not_found", "There is nothing at this address.")),
    (drf.NotFound, _fixed("not_found", "There is nothing at this address.")),
    (drf.MethodNotAllowed, _fixed("method_not_allowed", "Allow lists the methods of this URL.")),
    (drf.NotAcceptable, _fixed("not_acceptable", "The API answers in application/json.")),
    (drf.UnsupportedMediaType, _unsupported_media_type),
    (drf.ParseError, _plain("malformed_request")),
    (drf.Throttled, _throttled),
    (RequestDataTooBig, _fixed("payload_too_large", "A body may have at most 1 MiB.")),
    (UnreadablePostError, _fixed("malformed_request", "The body ended before it was complete.")),
    (
        ExecutionTimeout,
        _fixed("database_unavailable", "The database took longer than the request may."),
    ),
    (ConnectionFailure, _fixed("database_unavailable", "The database cannot be reached now.")),
)
