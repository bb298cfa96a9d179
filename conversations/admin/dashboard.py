"""The first page of the admin: how the service is doing, for staff who may see it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from conversations.admin.breakers import breakers
from conversations.admin.staff import now
from conversations.admin.traffic import Traffic, traffic
from conversations.models import Breaker, Conversation, Job, ParkedEvent
from conversations.services.outbox import OutboxState, outbox_state
from conversations.services.overview import DAYS, Overview, in_time, overview

admin.site.index_template = "operations/dashboard.html"


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the page's context with the figures that this member of the staff may see."""
    moment = now()
    minute = moment.replace(second=0, microsecond=0)
    figures: dict[str, Any] = {}
    if any(_may_open(request, model) for model in (Conversation, Job, ParkedEvent, Breaker)):
        figures["traffic"] = _traffic(traffic())
    if _may_open(request, Conversation):
        figures["overview"] = _overview(_figures(minute))
    if _may_open(request, ParkedEvent):
        figures["outbox"] = _outbox(in_time(lambda: outbox_state(now=moment)))
    if _may_open(request, Breaker):
        figures["breakers"] = {"states": breakers()}
    return {**context, **figures, "days": DAYS}


def _may_open(request: HttpRequest, model: type[Model]) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


@lru_cache(maxsize=1)
def _figures(minute: datetime) -> Overview:
    """Return the figures, found out once a minute however many look, the missing ones too."""
    return overview(now=minute)


def _overview(found: Overview) -> dict[str, Any]:
    created = [(f"{day:%b %d}", number) for day, number in found.created or ()]
    return {
        "created": created and chart(created, limit=10),
        "created_total": sum(number for _, number in created),
        "statuses": found.statuses and chart(found.statuses),
        "status_numbers": found.statuses,
        "characters": found.characters and chart(found.characters),
        "no_characters": found.characters == [],
    }


def _traffic(found: Traffic) -> dict[str, Any]:
    times = [
        (f"{datetime.fromtimestamp(time, UTC):%H:%M:%S}", round(rate, 2))
        for time, rate in found.rates
    ]
    slowest = max((number for number, (_, count) in enumerate(found.latencies) if count), default=0)
    steps = [(_step(step), count) for step, count in found.latencies[: slowest + 2]]
    return {
        "requests": found.requests,
        "rate": times[-1][1] if times else None,
        "rates": times and chart(times),
        "latencies": steps and chart(steps),
        "endpoints": found.endpoints,
    }


def _step(milliseconds: float) -> str:
    return "more" if milliseconds == float("inf") else f"≤ {milliseconds:g}"


def _outbox(state: OutboxState | None) -> dict[str, Any]:
    if state is None:
        return {"state": None}
    depth = [("pending", state.pending), ("parked", state.parked)]
    return {"state": state, "depth": chart(depth)}


def chart(points: Sequence[tuple[str, float]], *, limit: int | None = None) -> str:
    """Return one series as Chart.js takes it; `limit` bounds the labels that are written."""
    series = {
        "data": [value for _, value in points],
        "backgroundColor": "var(--color-primary-600)",
        "borderColor": "var(--color-primary-600)",
        "displayYAxis": True,
        "maxBarThickness": 32,
        "borderRadius": 3,
        **({"maxTicksXLimit": limit} if limit else {}),
    }
    return json.dumps({"labels": [label for label, _ in points], "datasets": [series]})
