"""Values found out in the background, once at a time."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from conversation_service.refreshed import Refreshed


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=2) as executor:
        yield executor


class Source:
    """Counts how often it is asked; `gate` holds back the answer while it is clear."""

    def __init__(self) -> None:
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> int:
        """Return how often it was asked."""
        self.asked += 1
        assert self.gate.wait(timeout=60)
        return self.asked


def refreshed(
    find_out: Callable[[], int], pool: ThreadPoolExecutor, *, keep: float, patience: float = 30
) -> Refreshed[int]:
    return Refreshed(find_out, pool=pool, keep=keep, patience=patience)


def test_it_keeps_what_it_found(pool: ThreadPoolExecutor) -> None:
    """As long as it is told to."""
    source = Source()
    value = refreshed(source, pool, keep=600)
    assert [value.get() for _ in range(5)] == [1] * 5
    assert source.asked == 1


def test_it_finds_out_again_when_the_value_is_old(pool: ThreadPoolExecutor) -> None:
    """Which is at once where nothing is kept."""
    value = refreshed(Source(), pool, keep=0)
    assert [value.get() for _ in range(3)] == [1, 2, 3]


def test_it_asks_once_for_many_who_wait(pool: ThreadPoolExecutor) -> None:
    """All get the same answer."""
    source = Source()
    source.gate.clear()
    value = refreshed(source, pool, keep=600)
    answers = [value.ask() for _ in range(5)]
    source.gate.set()
    assert [answer() for answer in answers] == [1] * 5
    assert source.asked == 1


def test_it_gives_up_on_what_hangs(pool: ThreadPoolExecutor) -> None:
    """The first waits, the next do not, and nothing is started beside it."""
    source = Source()
    source.gate.clear()
    value = refreshed(source, pool, keep=0, patience=0.05)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            value.get()
    assert source.asked == 1
    source.gate.set()


def test_others_get_the_value_before_meanwhile(pool: ThreadPoolExecutor) -> None:
    """One caller waits for the new one; the rest have no reason to."""
    source = Source()
    value = refreshed(source, pool, keep=0)
    assert value.get() == 1
    source.gate.clear()
    first = value.ask()
    assert value.get() == 1
    source.gate.set()
    assert first() == 2


def test_a_failure_is_kept_like_a_value(pool: ThreadPoolExecutor) -> None:
    """What is broken is not asked more often than what works."""
    asked = []

    def fail() -> int:
        asked.append(time.monotonic())
        raise LookupError

    value = refreshed(fail, pool, keep=600)
    for _ in range(3):
        with pytest.raises(LookupError):
            value.get()
    assert len(asked) == 1
