"""A bounded memory of recent answers inside one process."""

import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class RecentAnswers(Generic[K, V]):
    """At most `size` answers, each until its own end; the least recently used go first.

    `get` takes no lock: it is on the path of every request.
    """

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the answer kept for the key, or None when there is none or its time is over."""
        kept = self._answers.get(key)
        if kept is None or kept[0] <= time.monotonic():
            return None
        try:
            self._answers.move_to_end(key)
        except KeyError:  # put out by another thread just now; what was read is still good
            return kept[1]
        return kept[1]

    def put(self, key: K, answer: V, *, seconds: float) -> None:
        """Keep an answer for a number of seconds."""
        with self._lock:
            self._answers[key] = (time.monotonic() + seconds, answer)
            self._answers.move_to_end(key)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drop the answer kept for the key, if any."""
        with self._lock:
            self._answers.pop(key, None)
