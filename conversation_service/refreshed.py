"""Values that take a while to find out, kept for some seconds and found out once at a time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Refreshed(Generic[T]):
    """What `find_out` returned or raised; times are in seconds.

    It runs in a thread of `pool`, never twice at once, and its outcome is kept for `keep`. Who
    finds it running gets the outcome before, if there is one: something that hangs holds one
    caller for `patience`, and nobody after that.
    """

    def __init__(
        self, find_out: Callable[[], T], *, pool: ThreadPoolExecutor, keep: float, patience: float
    ) -> None:
        self._find_out = find_out
        self._pool = pool
        self._keep = keep
        self._patience = patience
        self._lock = threading.Lock()
        self._found: Future[T] | None = None
        self._running: Future[T] | None = None
        self._started = float("-inf")

    def ask(self) -> Callable[[], T]:
        """Start finding out where it is needed, and return a function that returns the value.

        The function raises what `find_out` raised, or TimeoutError when `patience` is over,
        counted from the start.
        """
        with self._lock:
            chosen = self._choose()
            ends = self._started + self._patience
        return lambda: chosen.result(timeout=max(0.0, ends - time.monotonic()))

    def get(self) -> T:
        """Return the value, or raise as `ask` says."""
        return self.ask()()

    def _choose(self) -> Future[T]:
        if self._running is not None and self._running.done():
            self._found, self._running = self._running, None
        age = time.monotonic() - self._started
        if self._running is None:
            if self._found is not None and age <= self._keep:
                return self._found
            self._started = time.monotonic()
            self._running = self._pool.submit(self._find_out)
            return self._running
        return self._found if self._found is not None and age < self._patience else self._running
