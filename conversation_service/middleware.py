"""What every request passes through: its trace, its deadline, its metrics and its log line."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, cast

import pymongo
import structlog
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject
from pymongo.errors import PyMongoError

from conversation_service import __version__
from conversation_service.admin_door import AdminDoor
from conversation_service.metrics import count_request, known_method
from conversation_service.problems import as_problem, is_database_away, problem
from conversation_service.routes import PROBES, endpoint_of, loggable_path
from conversation_service.trace import Trace, begin_trace
from conversation_service.tracing import recorder
from integrations.resilience.deadline import Deadline

Next = Callable[[HttpRequest], HttpResponseBase]
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
log = structlog.get_logger(__name__)


class ServiceRequest(HttpRequest):
    """A request as everything inside RequestContextMiddleware sees it (for type checkers)."""

    trace_id: str
    kept_trace_id: str
    deadline: Deadline


class RequestContextMiddleware:
    """The outermost middleware; the answer to every request leaves through it."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response
        self._timeout = settings.CONFIG.request_timeout
        self._service_name = settings.CONFIG.service_name
        self._trace_ratio = settings.CONFIG.trace_ratio
        self._spans = recorder()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request inside its own trace and deadline."""
        started = time.perf_counter()
        trace = begin_trace(
            trace_id=request.META.get("HTTP_X_TRACE_ID", ""),
            traceparent=request.META.get("HTTP_TRACEPARENT", ""),
            ratio=0 if request.path in PROBES else self._trace_ratio,
        )
        known = cast("ServiceRequest", request)
        known.trace_id = trace.trace_id
        known.kept_trace_id = trace.kept_id
        known.deadline = Deadline.after(self._timeout)
        # Nobody asks for the trace of a probe or a scrape, unless the caller is in one.
        quiet = request.path in PROBES and not trace.parent
        with self._spans.of_request(trace) if self._spans and not quiet else nullcontext():
            # What is left of it bounds every operation on the database (PyMongo's timeoutMS).
            with pymongo.timeout(self._timeout):
                response = self._respond(request)
            self._add_headers(request, response, trace=trace)
            _record(request, response, seconds=time.perf_counter() - started)
            if self._spans and not quiet:
                self._spans.answered(
                    method=known_method(request.method or ""),
                    endpoint=endpoint_of(request),
                    status=response.status_code,
                )
        return response

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST and isinstance(response, HttpResponse):
            return as_problem(request, response)
        return response

    def _add_headers(
        self, request: HttpRequest, response: HttpResponseBase, *, trace: Trace
    ) -> None:
        headers = response.headers
        headers["X-Trace-Id"] = trace.trace_id
        headers["traceparent"] = trace.traceparent
        headers["X-Service-Name"] = self._service_name
        headers["X-Service-Version"] = __version__
        if request.path.startswith("/api/v1/"):
            headers.setdefault("Cache-Control", "private, no-cache")
        # Without it the server sends the body in chunks.
        if isinstance(response, HttpResponse) and response.status_code not in _BODILESS:
            headers.setdefault("Content-Length", str(len(response.content)))


def _record(request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    """Count the request and write its access line."""
    endpoint = endpoint_of(request)
    status = response.status_code
    count_request(method=request.method or "", endpoint=endpoint, status=status, seconds=seconds)
    write = log.warning if status >= HTTPStatus.INTERNAL_SERVER_ERROR else log.info
    write(
        "request",
        method=request.method,
        path=loggable_path(request),
        endpoint=endpoint,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        user_id=_caller(request),
        **_acted_for(request, status=status),
    )


def _acted_for(request: HttpRequest, *, status: int) -> dict[str, str]:
    """Return whose data an admin read or changed by `?user_id=`, where that was granted."""
    owner = request.GET.get("user_id")
    granted = status < HTTPStatus.BAD_REQUEST and _caller(request) is not None
    return {"owner": owner} if owner and granted else {}


def _caller(request: HttpRequest) -> str | None:
    """Return the API caller's user_id; an admin's lazy user is left alone: it costs a query."""
    user: Any = request.__dict__.get("user")
    if user is None or isinstance(user, SimpleLazyObject):
        return None
    user_id: str | None = getattr(user, "user_id", None)
    return user_id


class KnownHostMiddleware:
    """Refuses a Host that is not in ALLOWED_HOSTS, whatever is asked for."""

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, or answer it."""
        try:
            request.get_host()
        except DisallowedHost:
            return problem(request, "invalid_host")
        return self._get_response(request)


class AdminOnlyMiddleware:
    """Sessions, accounts, messages and CSRF for /admin/ only: an API call pays for none of them.

    The API knows its callers by their token alone, so no cookie can speak for anyone there. While
    the database is away the admin says so, as the API does.
    """

    def __init__(self, get_response: Next) -> None:
        self._get_response = get_response
        # The stubs know views that answer HttpResponse only; Django's middleware takes any.
        inner = cast("Any", get_response)
        self._csrf = CsrfViewMiddleware(AuthenticationMiddleware(MessageMiddleware(inner)))
        self._for_admin = SessionMiddleware(self._csrf)
        self._door = AdminDoor(size=settings.CONFIG.admin_door_size)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on, through the admin's own middleware where it is the admin's."""
        if not _is_admin(request):
            return self._get_response(request)
        try:
            self._door.enter()
            return cast("HttpResponseBase", self._for_admin(request))
        except (PyMongoError, DatabaseError) as error:  # of the door, or of reading a session
            if (answer := self.process_exception(request, error)) is None:
                raise
            return answer

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Check the CSRF token of the admin's forms."""
        if _is_admin(request):
            return self._csrf.process_view(request, view, args, kwargs)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a page that found the database away on its way."""
        if _is_admin(request) and is_database_away(error):
            return problem(request, "database_unavailable")
        return None


def _is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")
