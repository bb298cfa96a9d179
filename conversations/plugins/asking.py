"""Asking plugins before a write: a request waits for their answers, but not for long.

Each call has a thread of its own, a daemon: one that never ends keeps neither a request nor the end
of the process. A plugin that is late three times in a row is left alone for a while; then one call
tries it.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from contextvars import copy_context
from typing import Any

from conversations.plugins.hook import Hook
from integrations.resilience.deadline import Deadline

LIMIT = 0.25  # seconds for all plugins together, which run side by side
MOST_CALLS = 32  # of one hook under way in a process, those that never end included
MOST_LATE = 3
PAUSE = 30.0  # seconds

Call = Future[list[Any]]


class Asked:
    """A hook that is asked, and what is known of its punctuality."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        self._slots = threading.BoundedSemaphore(MOST_CALLS)
        self._lock = threading.Lock()
        self._late = 0  # calls in a row
        self._resumes_at = 0.0  # monotonic

    def start(self, arguments: Mapping[str, Any]) -> Call | None:
        """Call it in the background; None means that it is not called this time."""
        if not self._may_start():
            self.hook.count("paused")
            return None
        if not self._slots.acquire(blocking=False):
            self.hook.count("busy")
            return None
        call: Call = Future()
        # With the request's context: its trace is in the plugin's log lines, and its deadline
        # holds for what the plugin asks the database.
        threading.Thread(
            target=copy_context().run,
            args=(self._run, call, arguments),
            name=f"plugin-{self.hook.plugin}",
            daemon=True,
        ).start()
        return call

    def answers(self, call: Call) -> list[Any]:
        """Return what the plugin has answered by now."""
        if not call.done():
            self._was_late()
            return []
        self._was_in_time()
        error = call.exception()
        if error is not None:
            self.hook.tell_of_failure(error)
            return []
        if not call.result():
            self.hook.count("ok")
        return call.result()

    def _run(self, call: Call, arguments: Mapping[str, Any]) -> None:
        try:
            answers = self.hook.run(arguments)
            # Copied here, where whatever that does is still the plugin's own affair.
            call.set_result([dict(it) if isinstance(it, Mapping) else it for it in answers])
        except BaseException as error:  # noqa: BLE001  # also sys.exit(), which means this thread only
            call.set_exception(error)
        finally:
            self._slots.release()

    def _may_start(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._resumes_at:
                return False
            if self._late >= MOST_LATE:
                self._resumes_at = now + PAUSE  # one call goes first; if it is in time, all may
            return True

    def _was_in_time(self) -> None:
        with self._lock:
            self._late = 0
            self._resumes_at = 0.0

    def _was_late(self) -> None:
        self.hook.count("late")
        self.hook.warn("plugin took too long", seconds=LIMIT)
        with self._lock:
            self._late += 1
            if self._late != MOST_LATE:
                return
            self._resumes_at = time.monotonic() + PAUSE
        self.hook.warn("plugin paused", seconds=PAUSE)


def ask(
    plugins: Sequence[Asked], arguments: Mapping[str, Any], *, deadline: Deadline
) -> list[tuple[Hook, Any]]:
    """Ask all of them at once; return whose answer is what, in their order.

    It takes LIMIT at most, and no longer than to the deadline.
    """
    calls = [(asked, asked.start(arguments)) for asked in plugins]
    started = [call for _, call in calls if call is not None]
    wait(started, timeout=min(LIMIT, deadline.remaining()))
    return [
        (asked.hook, answer)
        for asked, call in calls
        if call is not None
        for answer in asked.answers(call)
    ]
