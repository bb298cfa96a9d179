"""Reads the breakers' marks in the background, so that no request waits for it.

One thread in each process that makes calls, one round trip for all breakers, a little more often
than once a second: whatever one process or an operator decides, the others know within a second.
"""

import logging
import os
import threading
import time

from redis import Redis

from integrations.resilience.breaker import Breaker
from integrations.resilience.marks import Mark
from integrations.resilience.shared import SharedMemory

logger = logging.getLogger(__name__)

INTERVAL = 0.9  # seconds


class MarksWatcher:
    """Keeps the breakers of this process at what Redis says about them."""

    def __init__(self, *, shared: SharedMemory) -> None:
        self._shared = shared
        self._breakers: list[Breaker] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def add(self, breaker: Breaker) -> None:
        """Watch one more breaker."""
        self._breakers.append(breaker)

    def ensure_running(self) -> None:
        """Start the thread, unless this very process (not its parent) has one.

        The first time the marks are read before this returns: a new process must not ask an
        upstream that the others know to be down.
        """
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid == os.getpid():
                return
            self.refresh()
            self._thread = threading.Thread(target=self._run, name="breaker-marks", daemon=True)
            self._thread.start()
            self._pid = os.getpid()

    def refresh(self) -> None:
        """Read the marks once, hand them to the breakers, and report how these stand then."""
        asked_at = time.monotonic()
        marks = self._shared.run(self._read)
        for breaker, mark in zip(self._breakers, marks or [], strict=bool(marks)):
            breaker.adopt(mark, asked_at=asked_at)
        for breaker in self._breakers:
            breaker.report()

    def close(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join()

    def _read(self, redis: Redis) -> list[Mark]:
        pipe = redis.pipeline(transaction=False)
        for breaker in self._breakers:
            breaker.marks.ask(pipe)
        answers = pipe.execute()
        triples = zip(answers[::3], answers[1::3], answers[2::3], strict=True)
        return [
            breaker.marks.read(triple)
            for breaker, triple in zip(self._breakers, triples, strict=True)
        ]

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL):
            try:
                self.refresh()
            except Exception:  # the thread must outlive any surprise
                logger.exception("reading the breakers' marks failed")
