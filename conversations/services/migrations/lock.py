"""One runner at a time, and another one as soon as it is dead.

Who holds the lock says so every few seconds; who has been silent for longer counts as dead. A
holder that was only slow finds out at its next beat, or when it saves its progress. What it writes
until then does no harm: every write is bound to what was read of its document.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.errors import PyMongoError

from conversations.repository import data_migrations
from conversations.repository.data_migrations import Lock

DEAD_AFTER = timedelta(seconds=30)  # of silence
BEAT_EVERY = 5.0  # seconds
Clock = Callable[[], datetime]


class LockHeld(Exception):
    """Somebody else carries data migrations out."""

    def __init__(self, lock: Lock | None) -> None:
        super().__init__()
        self.lock = lock


class LockLost(Exception):
    """This runner was taken for dead, and another one goes on."""


@dataclass(kw_only=True)
class HeldLock:
    """The lock, in the hands of this runner."""

    fence: int
    _clock: Clock
    _beaten: float  # monotonic

    def keep(self) -> None:
        """Say that this runner lives, if it has not just done so; raises LockLost."""
        if time.monotonic() < self._beaten + BEAT_EVERY:
            return
        self._beaten = time.monotonic()
        if not data_migrations.beat(fence=self.fence, now=self._clock()):
            raise LockLost


@contextmanager
def held_lock(*, clock: Clock) -> Iterator[HeldLock]:
    """Hold the lock until the block ends; raises LockHeld if a living runner has it."""
    beaten, now = time.monotonic(), clock()
    holder = f"{socket.gethostname()}, process {os.getpid()}"
    fence = data_migrations.take_lock(holder=holder, now=now, silent_since=now - DEAD_AFTER)
    if fence is None:
        raise LockHeld(data_migrations.read_lock())
    try:
        yield HeldLock(fence=fence, _clock=clock, _beaten=beaten)
    finally:
        # While the database is away nobody can be told: then the lock is free when it is stale.
        with suppress(PyMongoError):
            data_migrations.release_lock(fence=fence)


def living_holder(*, now: datetime) -> Lock | None:
    """Return the lock of a runner that is at work, or None."""
    lock = data_migrations.read_lock()
    return lock if lock is not None and lock.heartbeat_at >= now - DEAD_AFTER else None
