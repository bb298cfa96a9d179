"""The one path of every call that leaves the service: retry, breaker, bulkhead, timeout."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Generic, TypedDict, TypeVar

from integrations import metrics
from integrations.client import HttpClient, Request
from integrations.errors import Reason, UpstreamUnavailable
from integrations.resilience.breaker import Breaker
from integrations.resilience.bulkhead import Bulkhead
from integrations.resilience.deadline import Deadline
from integrations.resilience.outcome import AttemptFailed, BreakerOpen, Inconclusive
from integrations.resilience.retry import RetryBudget, RetryPolicy, call_with_retries
from integrations.resilience.storage import BreakerState

T = TypeVar("T")

PROBE_TIMEOUT = 1.0  # seconds
# A call may take this part of the time that its caller has left: without a rest, a fallback that
# is at hand when the call has failed could not be used any more.
SHARE = 0.5


class Health(TypedDict):
    """One dependency's part of /health."""

    status: str
    latency_ms: float
    breaker: BreakerState
    window: dict[str, int]
    last_error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Question(Generic[T]):
    request: Request
    read: Callable[[Mapping[str, object]], T]
    none_for: HTTPStatus | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading(Generic[T]):
    content: T | None
    is_expected: bool


class Upstream:
    """One service this one calls, with its protections."""

    def __init__(
        self,
        *,
        name: str,
        client: HttpClient,
        probe: HttpClient,
        breaker: Breaker,
        bulkhead: Bulkhead,
        timeout: float,
        policy: RetryPolicy,
    ) -> None:
        self.name = name
        self._client = client
        self._probe = probe
        self._breaker = breaker
        self._bulkhead = bulkhead
        self._timeout = timeout
        self._policy = policy
        self._budget = RetryBudget()
        self._last_error: str | None = None
        metrics.upstream_named(name)

    def call(
        self,
        request: Request,
        *,
        read: Callable[[Mapping[str, object]], T],
        deadline: Deadline,
        none_for: HTTPStatus | None = None,
    ) -> T | None:
        """Return what `read` makes of the reply's JSON object, or None for the status given.

        `read` raises ValueError for what is not the promised shape. Only for calls that may be
        made twice. Raises UpstreamUnavailable when there is no such reply within its share of the
        time up to the deadline.
        """
        deadline = deadline.share(SHARE)
        question = _Question(request=request, read=read, none_for=none_for)
        try:
            reading = call_with_retries(
                lambda: self._attempt(question, deadline=deadline),
                policy=self._policy,
                budget=self._budget,
                deadline=deadline,
                on_retry=metrics.RETRIES.labels(self.name).inc,
            )
        except BreakerOpen as error:
            raise self._unavailable("breaker_open", retry_after=error.retry_after) from error
        except Inconclusive as error:
            raise self._unavailable(error.reason) from error
        except AttemptFailed as error:
            raise self._unavailable(error.reason, retry_after=error.retry_after or 1) from error
        if not reading.is_expected:
            raise self._unavailable("bad_response")
        return reading.content

    def health(self, *, path: str = "/health") -> Health:
        """Probe the upstream, in at most about a second, beside its breaker and bulkhead."""
        started = time.monotonic()
        reachable = self._probe.reachable(path=path, timeout=PROBE_TIMEOUT)
        self._breaker.catch_up()
        breaker = self._breaker.state
        working = "healthy" if breaker == "closed" else "degraded"
        return Health(
            status=working if reachable else "unhealthy",
            latency_ms=round((time.monotonic() - started) * 1000, 1),
            breaker=breaker,
            window=asdict(self._breaker.votes),
            last_error=self._last_error,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._probe.close()

    def _attempt(self, question: _Question[T], *, deadline: Deadline) -> _Reading[T]:
        outcome = "mistake"  # unless one of the foreseen ends follows
        try:
            reading = self._guarded(question, deadline=deadline)
            outcome = "answered" if reading.is_expected else "bad_response"
            return reading
        except (AttemptFailed, Inconclusive) as error:
            outcome = error.reason
            raise
        except BreakerOpen:
            outcome = "breaker_open"
            raise
        finally:
            metrics.CALLS.labels(self.name, outcome).inc()
            if outcome not in {"answered", "breaker_open"}:
                self._last_error = outcome
                metrics.LAST_FAILURE.labels(self.name, outcome).set(time.time())

    def _guarded(self, question: _Question[T], *, deadline: Deadline) -> _Reading[T]:
        with self._breaker.attempt() as attempt, self._bulkhead.slot(deadline=deadline):
            attempt.starts()
            try:
                reply = self._client.send(
                    question.request, timeout=self._timeout, deadline=deadline
                )
            finally:
                metrics.CALL_SECONDS.labels(self.name).observe(attempt.seconds)
            if reply.status != HTTPStatus.OK:
                attempt.abstains()
                return _Reading(content=None, is_expected=reply.status == question.none_for)
            try:
                return _Reading(content=question.read(reply.content), is_expected=True)
            except ValueError as error:
                raise AttemptFailed(reason="bad_response") from error

    def _unavailable(self, reason: Reason, *, retry_after: int = 1) -> UpstreamUnavailable:
        return UpstreamUnavailable(upstream=self.name, reason=reason, retry_after=retry_after)
