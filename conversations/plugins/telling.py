"""Telling plugins after a write: no request waits for it, and what does not fit is dropped.

Who must hear of every change consumes the events instead (docs/events.md).
"""

import os
import threading
from queue import Full, Queue
from typing import Any

from conversations.plugins.hook import Hook

MOST_WAITING = 500  # events of one hook in a process

Event = dict[str, Any]


class Told:
    """A hook that hears of events, in their order, in a thread of its own."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        self._waiting: Queue[Event] = Queue(maxsize=MOST_WAITING)
        self._is_behind = False
        self._lock = threading.Lock()
        self._pid = 0

    def tell(self, event: Event) -> None:
        """Let it hear of an event soon, unless too many are waiting already."""
        self._ensure_running()
        try:
            self._waiting.put_nowait(event)
        except Full:
            self.hook.count("dropped")
            if not self._is_behind:
                self.hook.warn("plugin is behind: it does not hear of every event")
            self._is_behind = True
        else:
            self._is_behind = False

    def _ensure_running(self) -> None:
        """Start the thread, unless this very process (not its parent) has one."""
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid == os.getpid():
                return
            name = f"plugin-{self.hook.plugin}"
            threading.Thread(target=self._run, name=name, daemon=True).start()
            self._pid = os.getpid()

    def _run(self) -> None:
        while True:
            event = self._waiting.get()
            try:
                self.hook.run({"event": event})
            except BaseException as error:  # noqa: BLE001  # also sys.exit(): the thread goes on
                self.hook.tell_of_failure(error)
            else:
                self.hook.count("ok")
