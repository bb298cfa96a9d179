"""What the calls to other services report to Prometheus.

Every label is bounded: upstreams are named in the code, outcomes and reasons are closed sets.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from prometheus_client import Counter, Gauge, Histogram

from integrations.errors import Reason

BreakerState = Literal["closed", "half_open", "open"]

CALLS = Counter(
    "upstream_calls_total",
    "Attempts to call another service, by what came of them: answered, or a reason.",
    ["upstream", "outcome"],
)
CALL_SECONDS = Histogram(
    "upstream_call_duration_seconds",
    "Time of one attempt that was sent, waiting for a free slot not included.",
    ["upstream"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
RETRIES = Counter("upstream_retries_total", "Attempts made again after a failed one.", ["upstream"])
BREAKER_STATE = Gauge(
    "upstream_breaker_state",
    "0 closed, 1 half-open, 2 open; the worst of the processes.",
    ["upstream"],
    multiprocess_mode="livemax",
)
BREAKER_CHANGES = Counter(
    "upstream_breaker_changes_total", "Changes of a breaker, by its new state.", ["upstream", "to"]
)
BREAKER_VOTES = Gauge(
    "upstream_breaker_votes",
    "Attempts of the last minute that say something of the upstream: total, failed, slow.",
    ["upstream", "votes"],
    multiprocess_mode="livesum",
)
LAST_FAILURE = Gauge(
    "upstream_last_failure_timestamp_seconds",
    "When an attempt last ended this way; the newest is the last error.",
    ["upstream", "outcome"],
    multiprocess_mode="max",
)
SLOTS_IN_USE = Gauge(
    "upstream_slots_in_use",
    "Calls under way, bounded by the bulkhead of each process.",
    ["upstream"],
    multiprocess_mode="livesum",
)
DEGRADED_ANSWERS = Counter(
    "degraded_answers_total",
    "Answers given in a degraded mode: characters-stale, auth-local.",
    ["mode"],
)
CACHE_READS = Counter(
    "upstream_cache_reads_total",
    "Answers not found in this process, by where they came from: shared, upstream, stale.",
    ["upstream", "source"],
)

_STATE_NUMBERS: Mapping[BreakerState, int] = {"closed": 0, "half_open": 1, "open": 2}


def upstream_named(name: str) -> None:
    """Show an upstream at 0 from the start: Prometheus sees no increase where was nothing."""
    for outcome in ("answered", *get_args(Reason)):
        CALLS.labels(name, outcome)
    for state in _STATE_NUMBERS:
        BREAKER_CHANGES.labels(name, state)
    CALL_SECONDS.labels(name)
    RETRIES.labels(name)
    BREAKER_STATE.labels(name)


def cache_named(upstream: str) -> None:
    """Show the cache of an upstream's answers from the start."""
    for source in ("shared", "upstream", "stale"):
        CACHE_READS.labels(upstream, source)


def breaker_changed(*, upstream: str, state: BreakerState) -> None:
    """Report the new state of a breaker in this process."""
    BREAKER_STATE.labels(upstream).set(_STATE_NUMBERS[state])
    BREAKER_CHANGES.labels(upstream, state).inc()


def breaker_stands(*, upstream: str, state: BreakerState, votes: Mapping[str, int]) -> None:
    """Report how a breaker stands, which time alone can change: votes age, open times end."""
    BREAKER_STATE.labels(upstream).set(_STATE_NUMBERS[state])
    for name, count in votes.items():
        BREAKER_VOTES.labels(upstream, name).set(count)


for _mode in ("characters-stale", "auth-local"):
    DEGRADED_ANSWERS.labels(_mode)
