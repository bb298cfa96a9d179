"""One call per key at a time; whoever else wants the same waits for its result.

After Go's singleflight. The one who asks is bound by its own deadline only, so a follower asks
for itself when that was all that ended the flight it was waiting for.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline

K = TypeVar("K")
V = TypeVar("V")

PATIENCE = 2.0  # seconds a follower waits: followers hold threads that no bulkhead counts


class SingleFlight(Generic[K, V]):
    """Joins the concurrent calls to `upstream` that ask for the same."""

    def __init__(self, *, upstream: str) -> None:
        self._upstream = upstream
        self._flights: dict[K, Future[V]] = {}
        self._lock = threading.Lock()

    def run(self, key: K, work: Callable[[], V], *, deadline: Deadline) -> V:
        """Return what `work` returns, run by this thread or by the one that began before it.

        Raises what `work` raises, or UpstreamUnavailable when the other takes too long.
        """
        while True:
            flight, leads = self._join(key)
            if leads:
                return self._lead(key, work, flight=flight)
            try:
                return self._follow(flight, deadline=deadline)
            except UpstreamUnavailable as error:
                if error.reason != "deadline" or deadline.expired:
                    raise

    def _join(self, key: K) -> tuple[Future[V], bool]:
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            self._flights[key] = flight = Future()
            return flight, True

    def _lead(self, key: K, work: Callable[[], V], *, flight: Future[V]) -> V:
        try:
            result = work()
        except BaseException as error:
            self._land(key)
            flight.set_exception(error)
            raise
        self._land(key)
        flight.set_result(result)
        return result

    def _land(self, key: K) -> None:
        with self._lock:
            del self._flights[key]

    def _follow(self, flight: Future[V], *, deadline: Deadline) -> V:
        remaining = deadline.remaining()
        try:
            return flight.result(timeout=min(PATIENCE, remaining))
        except TimeoutError as error:
            raise UpstreamUnavailable(
                upstream=self._upstream,
                reason="bulkhead_full" if remaining > PATIENCE else "deadline",
            ) from error
