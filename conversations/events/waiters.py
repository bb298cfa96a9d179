"""Requests that wait for events: a bounded number, each with an alarm of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from conversations.metrics import FEED_WAITING


class Waiters:
    """The places in one process for requests that wait; at most `limit` at once.

    An alarm rings for a write of this process. Of others' writes it knows nothing: who waits has
    to look from time to time.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._closed = False
        self._lock = threading.Lock()
        self._taken: list[tuple[str | None, threading.Event]] = []

    @contextmanager
    def place(self, user_id: str | None) -> Iterator[threading.Event | None]:
        """Take a place until the block ends; yields the alarm, or None when all are taken.

        The alarm rings for writes to this user's conversations, without a user for none; and when
        the places are closed.
        """
        taken = (user_id, threading.Event())
        with self._lock:
            free = not self._closed and len(self._taken) < self._limit
            if free:
                self._taken.append(taken)
        if not free:
            yield None
            return
        try:
            with FEED_WAITING.track_inprogress():
                yield taken[1]
        finally:
            with self._lock:
                self._taken.remove(taken)

    def wake(self, user_id: str) -> None:
        """Ring the alarms of those who wait for a user's events."""
        for waiting_for, alarm in tuple(self._taken):
            if waiting_for == user_id:
                alarm.set()

    def close(self) -> None:
        """Send all home who wait, and let nobody wait any more: the process ends."""
        with self._lock:
            self._closed = True
        for _, alarm in tuple(self._taken):
            alarm.set()

    @property
    def closed(self) -> bool:
        """Whether nobody shall wait any more."""
        return self._closed

    @property
    def count(self) -> int:
        """How many wait now."""
        return len(self._taken)
