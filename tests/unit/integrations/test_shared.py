"""Redis that is away: who goes without it, and who looks whether it is back."""

from collections.abc import Callable

import pytest
from redis import Redis
from redis.exceptions import RedisError

from integrations.resilience.shared import PAUSE, SharedMemory


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(clock: Clock) -> SharedMemory:
    """Return one whose Redis has just gone."""
    memory = SharedMemory(redis=Redis(), clock=clock)
    assert memory.run(fails) is None
    return memory


def fails(_redis: Redis) -> str:
    raise RedisError


def answers(_redis: Redis) -> str:
    return "answer"


def test_it_is_left_alone_for_a_while(shared: SharedMemory, clock: Clock) -> None:
    """Even if it is back at once."""
    clock.now = PAUSE - 0.001
    assert shared.run(answers) is None
    clock.now = PAUSE
    assert shared.run(answers) == "answer"
    assert shared.run(answers) == "answer"


def test_one_looks_and_nobody_waits_for_it(shared: SharedMemory, clock: Clock) -> None:
    """A Redis that hangs holds up one caller at a time."""
    clock.now = PAUSE
    others: list[str | None] = []

    def hangs(redis: Redis) -> str:
        others.append(shared.run(answers))
        return fails(redis)

    assert shared.run(hangs) is None
    assert others == [None]


@pytest.mark.parametrize("look", [fails, answers])
def test_what_the_one_finds_holds_for_all(
    shared: SharedMemory, clock: Clock, look: Callable[[Redis], str]
) -> None:
    """Away for another while, or back."""
    clock.now = PAUSE
    found = shared.run(look)
    assert shared.run(answers) == found
