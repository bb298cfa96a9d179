"""pybreaker's storage, counting a rolling window instead of failures in a row.

pybreaker decides the transitions; what it asks of its storage is answered here. Its own storages
count failures in a row, so that one success, or one 404, hides any rate of failures.
"""

import logging
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pybreaker

from integrations import metrics
from integrations.resilience.window import RollingWindow, Votes

logger = logging.getLogger(__name__)

BreakerState = Literal["closed", "open", "half_open"]


_PYBREAKER_NAMES: dict[BreakerState, str] = {
    "closed": pybreaker.STATE_CLOSED,
    "open": pybreaker.STATE_OPEN,
    "half_open": pybreaker.STATE_HALF_OPEN,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """When a breaker opens, and for how long; times are in seconds."""

    threshold: int  # failures, or slow calls, without which it does not open
    reset_timeout: float
    slow_after: float

    def broken_by(self, votes: Votes) -> bool:
        """Say whether enough attempts failed, or were slow, and at least half of them all."""
        return self._too_many(votes.failed, of=votes.total) or self._too_many(
            votes.slow, of=votes.total
        )

    def _too_many(self, count: int, *, of: int) -> bool:
        return count >= self.threshold and count * 2 >= of


class WindowStorage(pybreaker.CircuitBreakerStorage):
    """State, window and end of the open time of one breaker in this process."""

    def __init__(self, *, name: str, rule: Rule) -> None:
        super().__init__(name)
        self.window = RollingWindow()
        self.announced = True  # the other processes know that this one is open
        self.probe_answered = False
        self.changed_at = 0.0  # monotonic
        self._rule = rule
        self._state: str = pybreaker.STATE_CLOSED
        self._open_until = 0.0  # monotonic; infinite when an operator holds it open

    @property
    def state(self) -> str:
        """The state in pybreaker's words."""
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        if state == pybreaker.STATE_OPEN and state != self._state:
            self._open_until = time.monotonic() + self._rule.reset_timeout
            self.announced = False
        self._become(state)

    @property
    def reported_state(self) -> BreakerState:
        """What the next attempt will meet: an open time that is past counts as half-open."""
        if self._state == pybreaker.STATE_CLOSED:
            return "closed"
        return "open" if self.seconds_open() else "half_open"

    def seconds_open(self) -> float:
        """Return for how long no attempt may be made; infinite when an operator said so."""
        if self._state != pybreaker.STATE_OPEN:
            return 0.0
        return max(0.0, self._open_until - time.monotonic())

    def adopt(self, *, state: BreakerState, seconds_open: float = 0.0) -> None:
        """Take over a state that was decided elsewhere."""
        self.announced = True
        self._open_until = time.monotonic() + seconds_open
        self._become(_PYBREAKER_NAMES[state])

    def force_open(self) -> None:
        """Stay open until told otherwise."""
        self.adopt(state="open", seconds_open=math.inf)

    def unforce(self) -> None:
        """Let a probe decide, if an operator held it open and no longer does."""
        if self._open_until == math.inf:
            self.adopt(state="half_open")

    def _become(self, state: str) -> None:
        if state == self._state:
            return
        self._state = state
        self.changed_at = time.monotonic()
        if state == pybreaker.STATE_CLOSED:
            self.window.clear()
        logger.warning("breaker %s is now %s", self.name, state)
        metrics.breaker_changed(upstream=self.name, state=self.reported_state)

    # What follows is what pybreaker's states call.

    @property
    def counter(self) -> int:
        """At least the threshold (pybreaker's fail_max) exactly when the rule is broken."""
        if self._state != pybreaker.STATE_CLOSED:
            return 0  # a straggler from before it opened must not open it anew
        return self._rule.threshold if self._rule.broken_by(self.window.votes()) else 0

    def increment_counter(self) -> None:
        """Do nothing: the breaker has put the vote, with its duration, in the window."""

    def reset_counter(self) -> None:
        """Do nothing: a success does not undo failures."""

    @property
    def success_counter(self) -> int:
        """1 once a probe was answered; pybreaker takes every excluded exception for a success."""
        return int(self.probe_answered)

    def increment_success_counter(self) -> None:
        """Do nothing: see success_counter."""

    def reset_success_counter(self) -> None:
        """Begin a new probe."""
        self.probe_answered = False

    @property
    def opened_at(self) -> datetime | None:
        """Now while the open time lasts, else None: all pybreaker asks is whether it is past."""
        return datetime.now(UTC) if self.seconds_open() else None

    @opened_at.setter
    def opened_at(self, moment: datetime) -> None:
        pass


def retry_after(seconds_open: float) -> int:
    """Return what to tell a caller who is refused, in whole seconds, at most a minute."""
    return max(1, math.ceil(min(seconds_open, 60)))
