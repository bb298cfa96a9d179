"""Process groups, and the order in which they end.

Shared by the supervisor and its guardian, so that a killed supervisor's processes end in the
same way as an interrupted one's.
"""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

import psutil

POLL_SECONDS = 0.05
KILL_SECONDS = 1.0


class Stage(IntEnum):
    """When a process ends: the lowest stage first. What others depend on comes last."""

    FRONT = 0
    APPLICATION = 1
    SUPPORT = 2
    DATABASE = 3


# Seconds to end in peace; together they stay well below the ten that `make run` promises. The front
# has those of the application on top of its own: what it still has to pass on then is long, such as
# a wait for events, and the web server answers that when it is asked to end itself.
GRACE = {
    Stage.FRONT: 0.5,
    Stage.APPLICATION: 3.0,
    Stage.SUPPORT: 0.7,
    Stage.DATABASE: 2.7,
}
# What a hurried end still leaves: those that hold data get to close their files.
HURRIED_GRACE = {Stage.SUPPORT: 0.5, Stage.DATABASE: 1.0}


@dataclass(frozen=True, kw_only=True)
class Group:
    """A process group by its leader's pid, and the signal that asks the leader to end."""

    name: str
    pid: int
    stage: Stage
    stop_signal: signal.Signals


def end(groups: Iterable[Group], *, hurried: Callable[[], bool] = lambda: False) -> None:
    """End all of `groups`, stage by stage: asked first, killed when their grace is over."""
    members = list(groups)
    left: list[Group] = []
    for stage in Stage:
        asked = [group for group in members if group.stage is stage and is_alive(group)]
        for group in asked:
            _ask(group)
        left = _outlive(left + asked, stage=stage, hurried=hurried)
        if stage is not Stage.FRONT:
            _kill(left)
            left = []


def is_alive(group: Group) -> bool:
    """Whether any process of the group runs; the dead that nobody has reaped do not count."""
    try:
        os.killpg(group.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # macOS says so of a group in which all are dead
    return any(
        process.info["status"] != psutil.STATUS_ZOMBIE and _group_of(process.pid) == group.pid
        for process in psutil.process_iter(["status"])
    )


def _outlive(asked: list[Group], *, stage: Stage, hurried: Callable[[], bool]) -> list[Group]:
    """Return those that are there when the grace of the stage is over."""
    started = time.monotonic()
    while asked and time.monotonic() - started < _grace(stage, hurried=hurried()):
        time.sleep(POLL_SECONDS)
        asked = [group for group in asked if is_alive(group)]
    return asked


def _kill(left: list[Group]) -> None:
    for group in left:
        _signal_group(group, signal.SIGKILL)
    killed = time.monotonic()
    while any(is_alive(group) for group in left) and time.monotonic() - killed < KILL_SECONDS:
        time.sleep(POLL_SECONDS)


def _grace(stage: Stage, *, hurried: bool) -> float:
    return HURRIED_GRACE.get(stage, 0) if hurried else GRACE[stage]


def _ask(group: Group) -> None:
    # The leader alone, for it knows how to end its workers; all of them where it is gone.
    try:
        leader = psutil.Process(group.pid)
        if leader.status() != psutil.STATUS_ZOMBIE:
            leader.send_signal(group.stop_signal)
            return
    except psutil.NoSuchProcess:
        pass
    _signal_group(group, signal.SIGTERM)


def _signal_group(group: Group, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group.pid, signum)


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None
