"""Workers hear of new events without anybody waiting for it."""

import threading
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

import pytest

from conversation_service import nudge
from conversation_service.nudge import Nudger
from tests.doubles.supervised import eventually

SECONDS = 20.0


class Queue:
    """What the messages go to: it can hang, or fail."""

    def __init__(self) -> None:
        self.sent: list[set[int]] = []
        self.open = threading.Event()
        self.open.set()
        self.is_broken = False
        self.tries = 0

    def send(self, partitions: AbstractSet[int]) -> None:
        """Take a message."""
        self.open.wait(SECONDS)
        self.tries += 1
        if self.is_broken:
            raise ConnectionError
        self.sent.append(set(partitions))


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr(nudge, "PAUSE", 0.01)
    monkeypatch.setattr(nudge, "REST", 0.01)
    return Queue()


@pytest.fixture
def nudger(queue: Queue) -> Iterator[Nudger[int]]:
    nudger = Nudger(queue.send)
    yield nudger
    queue.open.set()
    nudger.close()


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "nudge"]


def test_it_has_no_thread_before_it_is_needed(nudger: Nudger[int]) -> None:
    """A process may fork after it was made."""
    before = len(threads())
    nudger.nudge(1)
    assert len(threads()) == before + 1


def test_a_queue_that_hangs_holds_nobody(nudger: Nudger[int], queue: Queue) -> None:
    """What is nudged meanwhile goes together, once it moves again; there is one thread."""
    queue.open.clear()
    before = len(threads())
    for number in range(10_000):
        nudger.nudge(number % 16)
    assert len(threads()) == before + 1
    queue.open.set()
    assert eventually(lambda: set().union(*queue.sent) == set(range(16)), SECONDS)
    assert len(queue.sent) <= 3


def test_a_queue_that_fails_is_tried_again(nudger: Nudger[int], queue: Queue) -> None:
    """With what is new then; the sweep finds the rest."""
    queue.is_broken = True
    nudger.nudge(1)
    assert eventually(lambda: queue.tries == 1, SECONDS)
    queue.is_broken = False
    nudger.nudge(2)
    assert eventually(lambda: queue.sent == [{2}], SECONDS)


def test_it_ends_with_the_process(nudger: Nudger[int], queue: Queue) -> None:
    """At once when idle, and without waiting for a queue that hangs."""
    nudger.nudge(1)
    assert eventually(lambda: bool(queue.sent), SECONDS)
    before = len(threads())
    nudger.close()
    assert len(threads()) == before - 1
