"""Child processes of the benchmark: started in a folder, waited for, ended, and their CPU read."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

STOP_SECONDS = 10.0


@contextmanager
def running(
    *,
    command: Sequence[str],
    is_ready: Callable[[], bool],
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = 30.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; it is in a process group of its own, ended as a whole.

    The block begins when it is ready; RuntimeError when it died or took longer than `seconds`.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, is_ready=is_ready, log=log, seconds=seconds)
        yield process
    finally:
        stop(process)


def _wait(
    process: subprocess.Popen[bytes], *, is_ready: Callable[[], bool], log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not is_ready():
        late = time.monotonic() > deadline
        if late or process.poll() is not None:
            what = f"is not ready after {seconds:.0f} s" if late else "ended at once"
            raise RuntimeError(f"{process.args!r} {what}:\n{_tail(log)}")
        time.sleep(0.05)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL to whatever is left of the group after `STOP_SECONDS`."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def cpu_seconds(pid: int) -> float:
    """User and system CPU seconds of a process and all its live descendants so far.

    Read from each process's own CPU clock (clock_getcpuclockid(3)): nanoseconds, where
    /proc/PID/stat counts ticks of 10 ms, too coarse for a few hundred requests.
    """
    root = psutil.Process(pid)
    return sum(_process_clock(each.pid) for each in (root, *root.children(recursive=True)))


def _process_clock(pid: int) -> float:
    per_process_scheduled_time = 2
    return time.clock_gettime((~pid << 3) | per_process_scheduled_time)
