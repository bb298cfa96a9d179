import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devstack import guardian
from devstack.groups import Group, Stage

ROOT = Path(__file__).resolve().parent.parent
LAST_LINE_BYTES = 4096
LAST_LINE_CHARACTERS = 300

# Registers with the guardian at the other end of stdin before it becomes the program, so that
# there is no moment at which the program runs and the guardian does not know of it.
REGISTER_AND_BECOME = 'echo "$0 $$" >&0; exec "$@" </dev/null'


def _always() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process of the stack: how it is started, known to be ready, and ended."""

    name: str
    argv: tuple[str, ...]
    stage: Stage
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    is_ready: Callable[[], bool] = _always
    ready_within: float = 30.0  # seconds
    echoed: bool = False  # its log is shown at the prompt as well


@dataclass(frozen=True, kw_only=True)
class Child:
    """A running service."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def group(self) -> Group:
        """Its process group, as `groups.end` takes it."""
        return Group(
            name=self.service.name,
            pid=self.process.pid,
            stage=self.service.stage,
            stop_signal=self.service.stop_signal,
        )

    def epitaph(self) -> str:
        """One line on how it ended: name, status, and the last thing it said."""
        said = last_line(self.log)
        return f"{self.service.name} {_status(self.process.returncode)}" + (
            f"; its last line: {said}" if said else f"; its log is empty: {self.log}"
        )


def start(service: Service, *, env: Mapping[str, str], log: Path, guardian_pipe: int) -> Child:
    """Start `service` in a process group of its own, with `log` as its output."""
    line = guardian.registration(
        name=service.name, stage=service.stage, stop_signal=service.stop_signal
    )
    rotate(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", REGISTER_AND_BECOME, line, *service.argv],
            cwd=ROOT,
            env={**os.environ, **env, **service.env},
            stdin=guardian_pipe,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    return Child(service=service, process=process, log=log)


def rotate(log: Path) -> None:
    """Keep the previous run's log beside the new one, and no more than that."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))


def last_line(log: Path) -> str:
    """Return the last line of a log that is not blank, made to fit a line of a terminal or two."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LAST_LINE_BYTES))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    said = next((line for line in reversed(lines) if line), "")
    return said if len(said) <= LAST_LINE_CHARACTERS else f"{said[:LAST_LINE_CHARACTERS]}…"


def _status(returncode: int) -> str:
    if returncode < 0:
        return f"was ended by {signal.Signals(-returncode).name}"
    return f"ended with exit status {returncode}"
