"""What the last minute's attempts said about an upstream.

After resilience4j's time-based sliding window: partial sums per slice of time, the oldest slice
dropped as a whole. Only votes are kept here; an answer such as 404 is none.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

SECONDS = 60.0
SLICES = 12


@dataclass(kw_only=True, slots=True)
class Votes:
    """Attempts that said something; one that timed out counts as failed and as slow."""

    total: int = 0
    failed: int = 0
    slow: int = 0


class RollingWindow:
    """Votes of the last `seconds`, exact to one slice."""

    def __init__(
        self, *, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slice = seconds / SLICES
        self._clock = clock
        self._slices: deque[tuple[int, Votes]] = deque()
        self._lock = threading.Lock()

    def record(self, *, failed: bool, slow: bool) -> None:
        """Add one vote."""
        with self._lock:
            votes = self._current()
            votes.total += 1
            votes.failed += failed
            votes.slow += slow

    def votes(self) -> Votes:
        """Return the sums over the window."""
        with self._lock:
            self._drop_old(now=self._number())
            kept = [votes for _, votes in self._slices]
            return Votes(
                total=sum(votes.total for votes in kept),
                failed=sum(votes.failed for votes in kept),
                slow=sum(votes.slow for votes in kept),
            )

    def clear(self) -> None:
        """Forget every vote."""
        with self._lock:
            self._slices.clear()

    def _number(self) -> int:
        return int(self._clock() / self._slice)

    def _current(self) -> Votes:
        number = self._number()
        self._drop_old(now=number)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, Votes()))
        return self._slices[-1][1]

    def _drop_old(self, *, now: int) -> None:
        while self._slices and self._slices[0][0] <= now - SLICES:
            self._slices.popleft()
