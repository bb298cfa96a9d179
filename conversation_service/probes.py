"""What `/health` looks at: each dependency asked for real, with a short time limit."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import pymongo
from django.conf import settings
from kombu.connection import Connection

from conversation_service.heartbeat import heartbeats
from conversation_service.refreshed import Refreshed
from conversations import dependencies
from conversations.repository.database import ping
from conversations.services.outbox import outbox_state
from conversations.services.setup import index_faults
from integrations.client import HttpClient
from integrations.resilience.shared import connect_redis

HEALTHY, DEGRADED, UNHEALTHY = "healthy", "degraded", "unhealthy"
PATIENCE = 1.0  # seconds that a report waits for a probe
LIMIT = 0.8  # seconds that a driver is given, so that it can say why it gave up
KEEP = 5.0  # seconds that a process keeps what a probe found
INDEXES_KEPT = 60.0  # seconds that indexes, once seen to be as declared, count as such

Report = Mapping[str, Any]


@lru_cache(maxsize=1)
def probes() -> Mapping[str, Refreshed[Report]]:
    """Return this process's probes by the name of what they look at."""
    checks: dict[str, Callable[[], Report]] = {
        "mongodb": _mongodb_check(),
        "redis": _redis_check(settings.CONFIG.redis_url),
        "broker": _broker_check(settings.CELERY_BROKER_URL),
        "worker": _worker_check(),
        "auth_service": _auth_check,
        "characters_service": _characters_check,
        "outbox": _outbox_check,
    }
    if settings.EVENTS_BROKER_URL != settings.CELERY_BROKER_URL:
        checks["events_broker"] = _broker_check(settings.EVENTS_BROKER_URL)
    if (keys := dependencies.get().jwks) is not None:
        checks["key_service"] = keys.health
    if settings.CONFIG.message_service_url:
        checks["message_service"] = _http_check(settings.CONFIG.message_service_url)
    pool = ThreadPoolExecutor(max_workers=len(checks), thread_name_prefix="probe")
    return {
        name: Refreshed(check, pool=pool, keep=KEEP, patience=PATIENCE)
        for name, check in checks.items()
    }


def reports(names: Mapping[str, Refreshed[Report]]) -> dict[str, Report]:
    """Return the report of each probe; all are asked at once, so it takes PATIENCE at most."""
    answers = {name: probe.ask() for name, probe in names.items()}
    return {name: _report(answer) for name, answer in answers.items()}


def _report(answer: Callable[[], Report]) -> Report:
    try:
        return answer()
    except TimeoutError:
        return _unhealthy("timeout")
    # A probe fails in as many ways as there are drivers; each of them is the answer.
    except Exception as error:  # noqa: BLE001
        return _unhealthy(type(error).__name__)


def _unhealthy(reason: str) -> Report:
    """Return a report that names the kind of failure: messages quote addresses and accounts."""
    return {"status": UNHEALTHY, "latency_ms": None, "last_error": reason}


def _timed(check: Callable[[], object]) -> Report:
    started = time.perf_counter()
    check()
    return {"status": HEALTHY, "latency_ms": _milliseconds(started)}


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def _mongodb_check() -> Callable[[], Report]:
    good_until = float("-inf")

    def check() -> Report:
        nonlocal good_until
        with pymongo.timeout(LIMIT):
            report = _timed(ping)
            if time.monotonic() < good_until:
                return report
            if faults := index_faults():
                labels = [finding.label for finding in faults]
                return {**report, "status": DEGRADED, "indexes": labels}
        good_until = time.monotonic() + INDEXES_KEPT
        return report

    return check


def _redis_check(url: str) -> Callable[[], Report]:
    redis = connect_redis(url)
    return lambda: _timed(redis.ping)


def _broker_check(url: str) -> Callable[[], Report]:
    if url.startswith("redis"):
        return _redis_check(url)
    return lambda: _timed(lambda: _connect_amqp(url))


def _connect_amqp(url: str) -> None:
    # Not Connection.connect(): that one tries again for seconds.
    connection = Connection(url, connect_timeout=LIMIT)
    transport = connection.transport
    transport.close_connection(transport.establish_connection())


def _worker_check() -> Callable[[], Report]:
    marks = heartbeats()

    def check() -> Report:
        started = time.perf_counter()
        alive = marks.alive()
        status = HEALTHY if alive else UNHEALTHY
        return {"status": status, "latency_ms": _milliseconds(started), "alive": alive}

    return check


def _auth_check() -> Report:
    return dependencies.get().auth.health()


def _characters_check() -> Report:
    return dependencies.get().characters.health()


def _outbox_check() -> Report:
    started = time.perf_counter()
    with pymongo.timeout(LIMIT):
        state = outbox_state(now=dependencies.get().clock())
    late = state.oldest_seconds > settings.CONFIG.outbox_max_age
    # Parked events wait for somebody: nothing sends them again by itself.
    return {
        "status": DEGRADED if late or state.parked else HEALTHY,
        "latency_ms": _milliseconds(started),
        "pending": state.pending,
        "oldest_seconds": round(state.oldest_seconds, 1),
        "parked": state.parked,
    }


def _http_check(url: str) -> Callable[[], Report]:
    client = HttpClient(base_url=url, pool_size=1, headers=dict)

    def check() -> Report:
        started = time.perf_counter()
        if not client.reachable(path="/health", timeout=LIMIT):
            return _unhealthy("unreachable")
        return {"status": HEALTHY, "latency_ms": _milliseconds(started)}

    return check
