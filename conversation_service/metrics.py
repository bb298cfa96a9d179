"""Metrics of the HTTP side, and `/metrics`, where Prometheus reads all of them."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.multiprocess import mark_process_dead
from pymongo.errors import PyMongoError

from conversation_service.probes import UNHEALTHY, probes, reports
from conversation_service.refreshed import Refreshed
from conversations.metrics import (
    ACTIVE_CONVERSATIONS,
    OUTBOX_OLDEST,
    OUTBOX_PARKED,
    OUTBOX_PENDING,
)
from conversations.repository.counts import active_conversations

COUNT_KEPT = 30.0  # seconds
COUNT_PATIENCE = 0.5  # seconds that a scrape waits for a count
COUNT_LIMIT = 5.0  # seconds that the database may spend on one
# Whatever fails answers one of these (conversations/api/problems.py).
FAILURES = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_LIVE_GAUGE = re.compile(r"gauge_live\w+_(\d+)\.db")

DURATION = Histogram(
    "conversation_request_duration_seconds",
    "Time from a request's arrival in the process to its answer.",
    ["method", "endpoint"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
REQUESTS = Counter(
    "conversation_requests_total", "Requests answered.", ["method", "endpoint", "status"]
)

DEPENDENCY_UP = Gauge(
    "dependency_up",
    "1 while a dependency works, if only just; 0 while it does not: what /health found last.",
    ["dependency"],
    multiprocess_mode="livemostrecent",
)
WORKERS = Gauge(
    "workers_alive",
    "Celery workers that have given a sign of life lately.",
    multiprocess_mode="livemostrecent",
)


def count_request(*, method: str, endpoint: str, status: int, seconds: float) -> None:
    """Record one answered request."""
    known = known_method(method)
    _duration(known, endpoint).observe(seconds)
    _requests(known, endpoint, status).inc()


def known_method(method: str) -> str:
    """Return the method, or "other" for those that are none: there is no end of them."""
    return method if method in _METHODS else "other"


# labels() takes a lock and builds strings each time; the children are few and live for ever.
@lru_cache(maxsize=4096)
def _duration(method: str, endpoint: str) -> Histogram:
    # With its first request an endpoint has its failures, at 0: Prometheus sees no increase where
    # there was nothing before.
    for status in FAILURES:
        _requests(method, endpoint, status)
    return DURATION.labels(method, endpoint)


@lru_cache(maxsize=4096)
def _requests(method: str, endpoint: str, status: int) -> Counter:
    return REQUESTS.labels(method, endpoint, str(status))


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the metrics of all web processes in Prometheus' text format."""
    _refresh_active_conversations()
    _refresh_dependencies()
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        sweep_dead_processes(Path(folder))
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _refresh_active_conversations() -> None:
    """Set the gauge to a count not older than COUNT_KEPT, or leave it when there is none now."""
    try:
        ACTIVE_CONVERSATIONS.set(_active().get())
    except (TimeoutError, PyMongoError):
        return


def _refresh_dependencies() -> None:
    """Set the gauges to what /health has found out; the outbox's stay when nobody can tell."""
    found = reports(probes())
    for name, report in found.items():
        DEPENDENCY_UP.labels(name).set(report["status"] != UNHEALTHY)
    WORKERS.set(found["worker"].get("alive", 0))
    outbox = found["outbox"]
    if "pending" in outbox:
        OUTBOX_PENDING.set(outbox["pending"])
        OUTBOX_OLDEST.set(outbox["oldest_seconds"])
        OUTBOX_PARKED.set(outbox["parked"])


@lru_cache(maxsize=1)
def _active() -> Refreshed[int]:
    return Refreshed(
        lambda: active_conversations(timeout=COUNT_LIMIT),
        pool=ThreadPoolExecutor(max_workers=1, thread_name_prefix="count"),
        keep=COUNT_KEPT,
        patience=COUNT_PATIENCE,
    )


def sweep_dead_processes(folder: Path) -> None:
    """Remove the gauges of processes that died: what they say is live no more.

    Nobody tells a web server's workers of each other's end, so whoever is scraped looks.
    """
    gauges = filter(None, (_LIVE_GAUGE.fullmatch(path.name) for path in folder.iterdir()))
    for pid in {int(gauge[1]) for gauge in gauges}:
        if not _is_alive(pid):
            mark_process_dead(pid, str(folder))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
