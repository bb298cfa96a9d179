"""A real Celery worker beside a service under test."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

Ending = Callable[["subprocess.Popen[bytes]"], None]


def terminate(process: "subprocess.Popen[bytes]") -> None:
    """Let it end in order."""
    process.terminate()
    process.wait(timeout=60)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill -9 it with its children."""
    parent = psutil.Process(process.pid)
    for each in (*parent.children(recursive=True), parent):
        each.kill()


@contextmanager
def celery_worker(
    *options: str, env: Mapping[str, str], log: Path, ending: Ending = terminate
) -> Iterator[None]:
    """Run a worker until the block ends; what it says is appended to `log`."""
    command = [sys.executable, "-m", "celery", "-A", "conversation_service", "worker", *options]
    with (
        log.open("ab") as output,
        subprocess.Popen(command, env=env, stdout=output, stderr=output) as process,
    ):
        try:
            yield
        finally:
            ending(process)
