"""A broker that is away is left alone for a while, so that nobody hammers it."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conversations.events.transports.base import BrokerUnavailable, Event, Refusal, Transport

FIRST_REST = 0.5  # seconds; doubles with each failure
LONGEST_REST = 5.0


@dataclass(kw_only=True)
class RestingTransport:
    """The transport of a process, for all its threads; `build` is called when first needed.

    After a failure it rests: nothing is sent, and BrokerUnavailable raised at once.
    """

    build: Callable[[], Transport]
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _transport: Transport | None = field(default=None, init=False)
    _rest: float = field(default=0.0, init=False)
    _until: float = field(default=0.0, init=False)

    @property
    def is_resting(self) -> bool:
        """Whether sending is of no use now."""
        return time.monotonic() < self._until

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """As Transport says; one thread at a time, the others wait."""
        with self._lock:
            if self.is_resting:
                raise BrokerUnavailable("resting")
            if self._transport is None:
                self._transport = self.build()
            try:
                answers = self._transport.publish(events)
            except BrokerUnavailable:
                self._rest = min(self._rest * 2 or FIRST_REST, LONGEST_REST)
                self._until = time.monotonic() + self._rest
                raise
            self._rest = 0.0
            return answers

    def close(self) -> None:
        """Close the connections; the next event opens them anew."""
        with self._lock:
            transport, self._transport = self._transport, None
            if transport is not None:
                transport.close()
