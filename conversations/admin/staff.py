"""Who of the staff asks, and what they may see."""

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest

from conversations import dependencies
from conversations.caller import Caller, admin_actor
from integrations.resilience.deadline import Deadline


class StaffRequest(HttpRequest):
    """A request as it comes through the service's middleware (for type checkers)."""

    kept_trace_id: str
    deadline: Deadline


def actor_of(request: HttpRequest) -> str:
    """Return how the member of the staff is called in events and records."""
    user: Any = request.user
    return admin_actor(user.get_username())


def caller_for(request: HttpRequest, *, owner: str) -> Caller:
    """Return the caller of a use case on one of `owner`'s conversations."""
    known = cast("StaffRequest", request)
    return Caller(
        actor=actor_of(request), owner=owner, trace_id=known.kept_trace_id, deadline=known.deadline
    )


def deadline_of(request: HttpRequest) -> Deadline:
    """Return when the answer is of no use any more."""
    return cast("StaffRequest", request).deadline


def may(request: HttpRequest, codename: str) -> bool:
    """Whether the member of the staff has a permission on what conversations/models has."""
    user: Any = request.user
    return bool(user.has_perm(f"conversations.{codename}"))


def may_see_content(request: HttpRequest) -> bool:
    """Whether titles, tags and settings may be shown; who shows them records it."""
    return may(request, "view_conversation_content")


def now() -> datetime:
    """Return the time as the services take it."""
    return dependencies.get().clock()
