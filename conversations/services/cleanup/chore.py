"""A chore: one small step of cleaning up, and the working off of many."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from conversations.metrics import CLEANED_UP
from integrations.resilience.deadline import Deadline

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chore:
    """What was found to be over, and what is to be done about it.

    `kind` says what it is, `size` how many there are. `do` returns how many it cleaned up: fewer
    when somebody else came first. It can be repeated, also after a death in the middle of it.
    """

    kind: str
    size: int
    do: Callable[[], int]


def carry_out(chore: Chore) -> int:
    """Do a chore and count it; returns how many things it cleaned up."""
    done = chore.do()
    if done:
        CLEANED_UP.labels(chore.kind).inc(done)
    return done


def work_off(chores: Iterable[Chore], *, seconds: float) -> Counter[str]:
    """Do one chore after the other for so many seconds; returns what was done, by kind.

    What is left is found again by the next run.
    """
    deadline = Deadline.after(seconds)
    done: Counter[str] = Counter()
    for chore in chores:
        done[chore.kind] += carry_out(chore)
        if deadline.expired:
            break
    if done.total():
        log.info("cleaned up", **done)
    return done
