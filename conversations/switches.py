"""What the switches of features are set to, known to every process without asking.

One thread in each process that asks for a flag reads all of them every few seconds: what is
switched in one process holds in all of them within READ_EVERY + READ_LIMIT.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping

import structlog

READ_EVERY = 3.0  # seconds
READ_LIMIT = 2.0  # seconds that the database may take
PATIENCE = 0.25  # seconds that the first to ask waits for the first reading
log = structlog.get_logger(__name__)


class SwitchWatcher:
    """The last known settings; while they cannot be read they stay what they were."""

    def __init__(self, read: Callable[[], Mapping[str, bool]]) -> None:
        self._read = read
        self._known: Mapping[str, bool] = {}
        self._lock = threading.Lock()
        self._pid = 0

    def get(self, name: str) -> bool | None:
        """Return what a switch is set to, or None where there is none or nobody knows."""
        if self._pid != os.getpid():
            self._start()
        return self._known.get(name)

    def _start(self) -> None:
        """Start the thread, unless this very process (not its parent) has one."""
        with self._lock:
            if self._pid == os.getpid():
                return
            has_tried = threading.Event()
            threading.Thread(
                target=self._run, args=(has_tried,), name="switches", daemon=True
            ).start()
            has_tried.wait(PATIENCE)
            self._pid = os.getpid()

    def _run(self, has_tried: threading.Event) -> None:
        while True:
            try:
                self._known = self._read()
            # The driver fails in many ways, and the thread must outlive all of them.
            except Exception as error:  # noqa: BLE001
                log.warning("switches not read", reason=type(error).__name__)
            has_tried.set()
            time.sleep(READ_EVERY)
