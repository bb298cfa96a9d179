"""The limiter against a real server: what a window may hold, and what becomes of its key."""

import time
from dataclasses import dataclass

import pytest

from integrations.resilience.rate import Rate
from integrations.resilience.rate_limit import RateLimiter, Standing
from integrations.resilience.shared import SharedMemory
from tests.integration.integrations.conftest import World


def limiter(world: World, *, requests: int, seconds: int) -> RateLimiter:
    """Return one as a new process would have it."""
    rate = Rate(requests=requests, seconds=seconds)
    return RateLimiter(rate=rate, shared=SharedMemory(redis=world.redis))


def spent(limiter: RateLimiter, caller: str = "u1") -> Standing:
    standing = limiter.spend(caller)
    assert standing is not None
    return standing


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A request that passed, at some moment between these two."""

    asked: float
    answered: float


def passes(limiter: RateLimiter) -> Passed | None:
    asked = time.monotonic()
    allowed = spent(limiter).allowed
    return Passed(asked=asked, answered=time.monotonic()) if allowed else None


@pytest.mark.parametrize("head_start", [0, 0.5, 0.9])
def test_no_window_holds_more_than_the_limit(world: World, head_start: float) -> None:
    """Wherever it begins: one that is reset at its end lets twice as many pass around it."""
    limit, seconds = 4, 1
    asking = limiter(world, requests=limit, seconds=seconds)
    passed = [passes(asking)]
    time.sleep(head_start)
    ends = time.monotonic() + 2.5
    while time.monotonic() < ends:
        passed.append(passes(asking))
        time.sleep(0.005)

    known = [each for each in passed if each]
    assert len(known) > limit
    for first, beyond in zip(known, known[limit:], strict=False):
        # Redis counts whole milliseconds, and its clock is not this one.
        assert beyond.answered - first.asked > seconds - 0.005


def test_processes_share_the_account_and_callers_do_not(world: World) -> None:
    """What one of them let through, the other counts."""
    one, other = (limiter(world, requests=2, seconds=3600) for _ in range(2))
    assert [spent(one).remaining, spent(other).remaining] == [1, 0]
    assert not spent(one).allowed
    assert spent(one, "u2").allowed


def test_asking_on_while_refused_costs_nothing(world: World) -> None:
    """The time at which there is room again does not move away."""
    asking = limiter(world, requests=1, seconds=3600)
    spent(asking)
    waits = [spent(asking).seconds for _ in range(50)]
    assert waits == sorted(waits, reverse=True)
    assert world.redis.llen("rate_limit:u1") == 1


def test_a_lower_limit_counts_what_was_spent_before(world: World) -> None:
    """Room is when enough of it is out of the window, not when the first is."""
    for _ in range(3):
        spent(limiter(world, requests=3, seconds=3600))
    half_an_hour_ago = str(int((time.time() - 1800) * 1000))
    world.redis.lset("rate_limit:u1", 0, half_an_hour_ago)

    assert spent(limiter(world, requests=3, seconds=3600)).seconds <= 1800
    assert spent(limiter(world, requests=2, seconds=3600)).seconds > 1800


def test_nothing_is_kept_longer_than_the_window(world: World) -> None:
    """Who stays away is forgotten."""
    spent(limiter(world, requests=2, seconds=60))
    assert 0 < world.redis.pttl("rate_limit:u1") <= 60_000
