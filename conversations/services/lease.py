"""Who publishes from a partition: one worker at a time, as far as possible.

A lease spares workers each other's work, and nothing depends on it: two that publish from the same
partition both send its events in order, so some arrive twice.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from conversations.repository import outbox
from conversations.repository.outbox import Checkpoint

SECONDS = 10.0  # a holder that dies keeps the others waiting for so long
Clock = Callable[[], datetime]


class LeaseLost(Exception):
    """Another worker has the partition now."""


@dataclass(kw_only=True)
class Lease:
    """A partition that this worker holds, and how it stood when it got it."""

    checkpoint: Checkpoint
    _holder: str
    _clock: Clock
    _renewed: float  # monotonic

    def keep(self) -> None:
        """Make sure that the partition is held for some seconds more; raises LeaseLost."""
        if time.monotonic() < self._renewed + SECONDS / 2:
            return
        self._renewed = time.monotonic()
        until = self._clock() + timedelta(seconds=SECONDS)
        if not outbox.renew(partition=self.checkpoint.partition, holder=self._holder, until=until):
            raise LeaseLost


@contextmanager
def lease(partition: int, *, clock: Clock) -> Iterator[Lease | None]:
    """Hold a partition until the block ends; None if another worker does."""
    holder, now = uuid.uuid4().hex, clock()
    started = time.monotonic()
    checkpoint = outbox.acquire(
        partition=partition, holder=holder, now=now, until=now + timedelta(seconds=SECONDS)
    )
    if checkpoint is None:
        yield None
        return
    try:
        yield Lease(checkpoint=checkpoint, _holder=holder, _clock=clock, _renewed=started)
    finally:
        outbox.release(partition=partition, holder=holder)
