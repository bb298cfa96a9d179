"""Ends what a supervisor left behind, however the supervisor went.

It reads lines from a pipe that the supervisor and, until they become their program, its children
write to: `+ STAGE SIGNAL NAME PID` when a process group starts, `- PID` when it is gone. The end
of the pipe is the end of the supervisor: an orderly one has left nothing to do but the files.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from devstack.groups import Group, Stage, end

IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DISMISS_SECONDS = 15.0


class Guardian:
    """The supervisor's end of it. `pipe` is for children to register on.

    It shares the descriptor `lock`, so that a data folder stays taken until all has ended, and
    removes the paths `remove` at the end.
    """

    def __init__(self, *, lock: int, remove: Sequence[Path]) -> None:
        theirs, self.pipe = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "devstack.guardian", *map(str, remove)],
            cwd=Path(__file__).parent.parent,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(lock,),
        )
        os.close(theirs)

    @property
    def is_alive(self) -> bool:
        """Whether it is still on guard."""
        return self._process.poll() is None

    def forget(self, pid: int) -> None:
        """Say that a group is gone, for its number may come again."""
        with suppress(BrokenPipeError):
            os.write(self.pipe, f"- {pid}\n".encode())

    def dismiss(self) -> None:
        """End the watch and wait until the files are removed."""
        os.close(self.pipe)
        self._process.wait(timeout=DISMISS_SECONDS)


def registration(*, name: str, stage: Stage, stop_signal: signal.Signals) -> str:
    """Return the line that tells of a new group, but for the pid at its end."""
    return f"+ {stage.value} {stop_signal.value} {name}"


def follow(lines: Iterable[bytes]) -> list[Group]:
    """Read the pipe to its end and return the groups that are still there."""
    groups: dict[int, Group] = {}
    for line in lines:
        kind, *fields = line.decode().split()
        if kind == "+":
            group = _group(fields)
            groups[group.pid] = group
        else:
            groups.pop(int(fields[0]), None)
    return list(groups.values())


def main(pipe: BinaryIO, remove: Sequence[str]) -> None:
    """Wait for the supervisor's end, then end its groups and remove its files."""
    for signum in IGNORED:
        signal.signal(signum, signal.SIG_IGN)
    try:
        end(follow(pipe))
    finally:
        _remove(Path(name) for name in remove)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _group(fields: Sequence[str]) -> Group:
    stage, stop_signal, name, pid = fields
    return Group(
        name=name,
        pid=int(pid),
        stage=Stage(int(stage)),
        stop_signal=signal.Signals(int(stop_signal)),
    )


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.argv[1:])
