"""Asking again, by tenacity: exponential backoff with jitter, within a budget.

The budget (Finagle's and Envoy's retry budget) keeps retries from multiplying the load on an
upstream that is already down: they are paid for by calls, a fifth of a retry each.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from integrations.resilience.deadline import Deadline
from integrations.resilience.outcome import AttemptFailed

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How often to ask, and how long to wait before the second time, in seconds.

    A longer wait than `longest_wait`, which only the upstream can ask for (Retry-After), is not
    waited for here: the caller is told instead.
    """

    attempts: int = 3
    first_wait: float
    factor: float = 2.0
    longest_wait: float

    def wait(self, *, attempt: int, asked_for: float) -> float:
        """Return the seconds to wait after the attempt with this number, the first being 1."""
        backoff = min(self.longest_wait, self.first_wait * self.factor ** (attempt - 1))
        return max(asked_for, backoff * random.uniform(0.5, 1))  # noqa: S311  # no secret


IN_REQUEST = RetryPolicy(first_wait=0.1, longest_wait=2.0)
IN_BACKGROUND = RetryPolicy(first_wait=1.0, longest_wait=60.0)


class RetryBudget:
    """At most `share` retries for each call; what is not used is kept, up to `most` retries.

    It begins empty, so that the bound holds from the first call on.
    """

    def __init__(self, *, share: float = 0.2, most: float = 10.0) -> None:
        self._share = share
        self._most = most
        self._saved = 0.0
        self._lock = threading.Lock()

    def deposit(self) -> None:
        """Count one call."""
        with self._lock:
            self._saved = min(self._most, self._saved + self._share)

    def withdraw(self) -> bool:
        """Take one retry, if there is one."""
        with self._lock:
            if self._saved < 1:
                return False
            self._saved -= 1
            return True


def call_with_retries(
    attempt: Callable[[], T],
    *,
    policy: RetryPolicy,
    budget: RetryBudget,
    deadline: Deadline,
    on_retry: Callable[[], None],
) -> T:
    """Return what `attempt` returns; on AttemptFailed ask again as policy and budget allow.

    Raises what the last attempt raised. Waits only as long as the deadline leaves time after it.
    """

    def wait(state: tenacity.RetryCallState) -> float:
        return policy.wait(attempt=state.attempt_number, asked_for=_asked_for(state))

    def give_up(state: tenacity.RetryCallState) -> bool:
        return (
            state.attempt_number >= policy.attempts
            or state.upcoming_sleep > policy.longest_wait
            or state.upcoming_sleep >= deadline.remaining()
            or not budget.withdraw()
        )

    budget.deposit()
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(AttemptFailed),
        wait=wait,
        stop=give_up,
        before_sleep=lambda _: on_retry(),
        reraise=True,
    )
    return retrying(attempt)


def _asked_for(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (error.retry_after or 0.0) if isinstance(error, AttemptFailed) else 0.0
