"""Runs jobs in processes that kill themselves (kill -9) at a chosen database command.

`python -m tests.doubles.dying_runner` reads lines {"job": id, "die_at": number, 0 for never}, and
answers each with {"killed": whether, "commands": how many were sent}.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from django.db import connections
from pymongo.monitoring import CommandListener, CommandStartedEvent

from tests.commands import HOUSEKEEPING

SECONDS = 60.0


class Death(CommandListener):
    """Kills the process before its nth command is sent."""

    def __init__(self) -> None:
        self.die_at = 0
        self.sent = 0

    def started(self, event: CommandStartedEvent) -> None:
        """Count, and die."""
        ours = threading.current_thread() is threading.main_thread()
        if not ours or event.command_name in HOUSEKEEPING:
            return
        self.sent += 1
        if self.sent == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def succeeded(self, event: Any) -> None:
        """Nothing."""

    def failed(self, event: Any) -> None:
        """Nothing."""


class DyingRunner:
    """A process from which each run is forked: it has loaded everything, and connected nowhere."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, job_id: ObjectId, *, die_at: int = 0) -> tuple[bool, int]:
        """Run a job; returns whether the process was killed, and how many commands it sent."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"job": str(job_id), "die_at": die_at}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["killed"], answer["commands"]


@contextmanager
def dying_runner() -> Iterator[DyingRunner]:
    """Start a runner for the database that this process uses."""
    name = connections["default"].settings_dict["NAME"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.dying_runner"],
        env={**os.environ, "MONGODB_DATABASE": str(name), "LOG_LEVEL": "ERROR"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield DyingRunner(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=SECONDS)


def main() -> None:
    """Fork a process for each line."""
    import django  # noqa: PLC0415  # in the process of its own only
    from pymongo import monitoring  # noqa: PLC0415

    death = Death()
    monitoring.register(death)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conversation_service.settings")
    django.setup()
    from tests.doubles import counting_job  # noqa: F401, PLC0415  # registers itself

    for line in sys.stdin:
        asked = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _run(asked, death=death, tell=writing)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        told = os.read(reading, 100)
        os.close(reading)
        killed = os.WIFSIGNALED(status)
        print(json.dumps({"killed": killed, "commands": int(told or 0)}), flush=True)  # noqa: T201


def _run(asked: dict[str, Any], *, death: Death, tell: int) -> None:
    from conversations import dependencies  # noqa: PLC0415
    from conversations.services.jobs.run import run_slice  # noqa: PLC0415

    death.die_at = asked["die_at"]
    with dependencies.override(nudge=lambda _partition: None):
        while run_slice(job_id=ObjectId(asked["job"]), clock=dependencies.utc_now):
            pass
    os.write(tell, str(death.sent).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
