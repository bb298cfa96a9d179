"""Circuit breakers in the admin: how they stand, held open or closed by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from redis import Redis
from redis.exceptions import RedisError

from conversations.admin.plain import PlainPage
from conversations.admin.staff import actor_of
from conversations.models import Breaker
from integrations.breakers import (
    GUARDED,
    UnknownBreaker,
    close,
    force_open,
    in_words,
    list_breakers,
    state_of,
)
from integrations.resilience.shared import connect_redis

COLOURS = {"closed": "success", "half-open": "warning", "open": "danger", "held open": "danger"}
ACTIONS = {"open": force_open, "close": close}
log = structlog.get_logger(__name__)


@admin.register(Breaker)
class Breakers(PlainPage):
    """What `manage.py breaker` does: every process follows within a second."""

    page_template = "operations/breakers.html"

    def content(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002  # PlainPage's
        """Return how the breakers stand, or None while nobody can tell."""
        return {"breakers": breakers()}

    def act(self, request: HttpRequest) -> None:
        """Hold a breaker open, or close it."""
        action, name = request.POST.get("action", ""), request.POST.get("name", "")
        try:
            with _redis() as redis:
                ACTIONS[action](redis, name=name)
        except (KeyError, UnknownBreaker):
            raise BadRequest from None
        except RedisError:
            messages.error(request, "Redis cannot be reached: nothing was changed.")
            return
        log.warning("breaker moved by hand", breaker=name, action=action, actor=actor_of(request))
        held = "held open" if action == "open" else "closed"
        messages.success(request, f"{name} is {held}, in every process within a second.")


def breakers() -> list[dict[str, str]] | None:
    """Return what all processes share about each breaker, or None while Redis is away."""
    try:
        with _redis() as redis:
            marks = list_breakers(redis)
    except RedisError:
        return None
    return [
        {
            "name": name,
            "guards": GUARDED[name],
            "state": in_words(mark),
            "colour": COLOURS[state_of(mark)],
        }
        for name, mark in marks.items()
    ]


@contextmanager
def _redis() -> Iterator[Redis]:
    redis = connect_redis(settings.CONFIG.redis_url)
    try:
        yield redis
    finally:
        redis.close()
