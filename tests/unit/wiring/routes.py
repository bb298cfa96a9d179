"""Views that go wrong in every way, for test_middleware.py."""

from collections.abc import Callable

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.urls import path
from pymongo.errors import AutoReconnect, NetworkTimeout

from conversation_service.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
SECRET = "Sw0rdfish"


def raises(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(_request: HttpRequest) -> HttpResponse:
        raise error

    return view


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"X-Echo": request.GET["value"]})


def shared(_request: HttpRequest, token: str) -> HttpResponse:
    return HttpResponse(str(len(token)))


def body(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


def looked_at(request: HttpRequest) -> HttpResponse:
    found = [name for name in ("session", "user", "_messages") if hasattr(request, name)]
    return HttpResponse(",".join(found))


def html(_request: HttpRequest) -> HttpResponse:
    return HttpResponseServerError(f"<h1>{SECRET}</h1>", headers={"Retry-After": "7"})


def orm_finds_it_away(_request: HttpRequest) -> HttpResponse:
    raise DatabaseError from NetworkTimeout(SECRET)


urlpatterns = [
    path("bug", raises(RuntimeError(SECRET))),
    path("suspicious", raises(SuspiciousOperation(SECRET))),
    path("bad", raises(BadRequest(SECRET))),
    path("denied", raises(PermissionDenied(SECRET))),
    path("big", raises(RequestDataTooBig(SECRET))),
    path("gone", raises(Http404(SECRET))),
    path("echo", echo),
    path("html", html),
    path("body", body),
    path("shared/<token>", shared),
    path("looked-at", looked_at),
    path("admin/looked-at", looked_at),
    path("admin/away", raises(AutoReconnect(SECRET))),
    path("admin/away-to-the-orm", orm_finds_it_away),
    path("admin/bug", raises(DatabaseError(SECRET))),
]
