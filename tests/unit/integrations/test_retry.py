"""Retries: when, how long after, how often in all."""

import time
from collections.abc import Callable
from itertools import chain, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.resilience.deadline import Deadline
from integrations.resilience.outcome import AttemptFailed, BreakerOpen, CutShort
from integrations.resilience.retry import (
    IN_BACKGROUND,
    IN_REQUEST,
    RetryBudget,
    RetryPolicy,
    call_with_retries,
)

QUICK = RetryPolicy(first_wait=0.01, longest_wait=0.5)


def outcomes(*results: Exception | str) -> Callable[[], str]:
    """Return an attempt that ends in each of these in turn, and in the last one from then on."""
    remaining = chain(results, repeat(results[-1]))

    def attempt() -> str:
        result = next(remaining)
        if isinstance(result, Exception):
            raise result
        return result

    return attempt


def rich() -> RetryBudget:
    budget = RetryBudget()
    for _ in range(50):
        budget.deposit()
    return budget


def run(
    attempt: Callable[[], str],
    *,
    policy: RetryPolicy = QUICK,
    budget: RetryBudget | None = None,
    seconds: float = 5.0,
) -> tuple[str, int]:
    """Return the result and the number of retries."""
    retries: list[None] = []
    result = call_with_retries(
        attempt,
        policy=policy,
        budget=budget or rich(),
        deadline=Deadline.after(seconds),
        on_retry=lambda: retries.append(None),
    )
    return result, len(retries)


FAILED = AttemptFailed(reason="timeout")


def test_it_asks_again_after_a_failure() -> None:
    """Two failures are made good by the third attempt."""
    assert run(outcomes(FAILED, FAILED, "fine")) == ("fine", 2)


def test_it_gives_up_after_three_attempts() -> None:
    """The last failure is what the caller gets."""
    last = AttemptFailed(reason="status_5xx")

    with pytest.raises(AttemptFailed) as caught:
        run(outcomes(FAILED, FAILED, last, "fine"))

    assert caught.value is last


@pytest.mark.parametrize("error", [BreakerOpen(retry_after=3), CutShort(), KeyError()])
def test_it_tries_nothing_else_again(error: Exception) -> None:
    """A refusal of our own, the caller's deadline and a mistake are final."""
    with pytest.raises(type(error)):
        run(outcomes(error, "fine"))


def test_it_waits_as_the_upstream_asks() -> None:
    """Retry-After is waited for when it is short."""
    started = time.monotonic()
    policy = RetryPolicy(first_wait=0.01, longest_wait=3.0)

    result = run(outcomes(AttemptFailed(reason="throttled", retry_after=1), "fine"), policy=policy)

    assert result == ("fine", 1)
    assert time.monotonic() - started >= 1


def test_it_leaves_a_long_wait_to_the_caller() -> None:
    """Retry-After beyond the policy's patience is handed on, at once."""
    with pytest.raises(AttemptFailed) as caught:
        run(outcomes(AttemptFailed(reason="throttled", retry_after=30), "fine"))

    assert caught.value.retry_after == 30


def test_it_does_not_wait_past_the_deadline() -> None:
    """When the wait would use up the rest of the time, it ends at once."""
    started = time.monotonic()
    policy = RetryPolicy(first_wait=30, longest_wait=60)

    with pytest.raises(AttemptFailed):
        run(outcomes(FAILED, "fine"), policy=policy, seconds=10)

    assert time.monotonic() - started < 5


def test_a_new_budget_has_nothing_to_spend() -> None:
    """The bound on retries holds from the first call on."""
    with pytest.raises(AttemptFailed):
        run(outcomes(FAILED, "fine"), budget=RetryBudget())


@given(st.integers(1, 300))
def test_the_budget_allows_a_fifth(calls: int) -> None:
    """Whatever the number of calls, retries are at most a fifth of them, and nearly that."""
    budget = RetryBudget()
    retries = 0
    for _ in range(calls):
        budget.deposit()
        while budget.withdraw():
            retries += 1

    assert calls // 5 - 1 <= retries <= calls / 5


def test_the_budget_does_not_pile_up() -> None:
    """A long good time does not pay for a storm of retries."""
    budget = RetryBudget(most=3)
    for _ in range(10_000):
        budget.deposit()

    assert [budget.withdraw() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("policy", "ranges"),
    [(IN_REQUEST, [(0.05, 0.1), (0.1, 0.2)]), (IN_BACKGROUND, [(0.5, 1), (1, 2)])],
)
def test_waits_double_and_vary(policy: RetryPolicy, ranges: list[tuple[float, float]]) -> None:
    """Each wait is between half and all of twice the one before."""
    for attempt, (least, most) in enumerate(ranges, start=1):
        waits = {policy.wait(attempt=attempt, asked_for=0) for _ in range(50)}
        assert least <= min(waits) < max(waits) <= most


def test_waits_have_an_upper_bound() -> None:
    """Backoff ends growing at the policy's longest wait."""
    assert IN_BACKGROUND.wait(attempt=30, asked_for=0) <= 60
