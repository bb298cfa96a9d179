"""A bound on the calls under way to one upstream (Nygard, Release It!, "Bulkheads").

While an upstream hangs, it holds at most this many threads of the process; the others go on
serving what does not need it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from integrations import metrics
from integrations.resilience.deadline import Deadline
from integrations.resilience.outcome import BulkheadFull

LONGEST_WAIT = 0.5  # seconds


class Bulkhead:
    """`size` slots; a caller waits for a free one for at most `max_wait` seconds."""

    def __init__(self, *, name: str, size: int, max_wait: float = LONGEST_WAIT) -> None:
        self._slots = threading.BoundedSemaphore(size)
        self._max_wait = max_wait
        self._in_use = metrics.SLOTS_IN_USE.labels(name)

    @contextmanager
    def slot(self, *, deadline: Deadline) -> Iterator[None]:
        """Hold one slot for the block; raises BulkheadFull when none came free in time."""
        if not self._slots.acquire(timeout=min(self._max_wait, deadline.remaining())):
            raise BulkheadFull
        self._in_use.inc()
        try:
            yield
        finally:
            self._in_use.dec()
            self._slots.release()
