import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, TextIO

POLL_SECONDS = 0.1
LOG_BYTES = 32 * 1024 * 1024  # of one process; past it the log starts again


@dataclass(kw_only=True)
class _Followed:
    name: str
    file: BinaryIO
    path: Path
    echoed: bool
    rest: bytes = b""


class LogFollower:
    """Shows the lines of some logs at the prompt, with the process's name before each.

    The processes write to their files, not to pipes, so a slow terminal never holds one up and a
    killed supervisor breaks none. Every log is kept below LOG_BYTES.
    """

    def __init__(self, *, output: TextIO = sys.stdout) -> None:
        self._output = output
        self._followed: list[_Followed] = []
        self._shown = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self._thread.join()

    def add(self, *, name: str, path: Path, echoed: bool) -> None:
        """Follow the log at `path`."""
        followed = _Followed(name=name, path=path, echoed=echoed, file=path.open("rb"))
        self._followed.append(followed)

    def show(self) -> None:
        """Show what is written from now on."""
        for followed in self._followed:
            followed.file.seek(0, os.SEEK_END)
        self._shown = True

    def _run(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self._read_all()
        self._read_all()
        for followed in self._followed:
            followed.file.close()

    def _read_all(self) -> None:
        for followed in list(self._followed):
            if self._shown and followed.echoed:
                self._echo(followed)
            if followed.path.stat().st_size > LOG_BYTES:
                _start_again(followed)

    def _echo(self, followed: _Followed) -> None:
        *lines, followed.rest = (followed.rest + followed.file.read()).split(b"\n")
        for line in lines:
            self._output.write(f"{followed.name:<7}| {line.decode(errors='replace')}\n")
        if lines:
            self._output.flush()


def _start_again(followed: _Followed) -> None:
    # The process goes on appending to the same file: O_APPEND writes at the new end.
    with followed.path.open("r+b") as log:
        log.truncate(0)
    followed.file.seek(0)
