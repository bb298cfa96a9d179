"""Tells the workers of new work, without a request that waits for it."""

import atexit
import threading
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

import structlog

PAUSE = 0.5  # seconds between two messages of a process: what comes meanwhile goes together
REST = 5.0  # seconds without a message after one that could not be sent
END_SECONDS = 1.0  # that the end of the process waits for a message under way

Key = TypeVar("Key")
log = structlog.get_logger(__name__)


class Nudger(Generic[Key]):
    """Gathers what is to be worked on, and sends it from a thread of its own.

    Whatever happens to a message, a sweep finds the work as well: one that cannot be sent is
    dropped. The thread starts with the first.
    """

    def __init__(self, send: Callable[[AbstractSet[Key]], None]) -> None:
        self._send = send
        self._gathered: set[Key] = set()
        self._some = threading.Event()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def nudge(self, key: Key) -> None:
        """Let the workers know of it soon; returns at once, and raises nothing."""
        with self._lock:
            self._gathered.add(key)
            self._some.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def close(self) -> None:
        """End the thread; a message under way is waited for a second."""
        self._ending.set()
        self._some.set()
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while self._some.wait() and not self._ending.is_set():
            with self._lock:
                gathered, self._gathered = self._gathered, set()
                self._some.clear()
            self._ending.wait(self._after_sending(gathered))

    def _after_sending(self, gathered: AbstractSet[Key]) -> float:
        try:
            self._send(gathered)
        # Brokers fail in as many ways as they have drivers, and none of them matters here.
        except Exception as error:  # noqa: BLE001
            log.warning("nudge not sent", reason=type(error).__name__)
            return REST
        return PAUSE
