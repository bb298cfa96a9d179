"""Workers that deliver the outbox and die at a chosen step: `python -m tests.doubles.delivering`.

The process keeps a number of workers, forked from it, over the partitions given as arguments. Each
kills itself with SIGKILL right before or after one step, or works on when all steps have had their
turn; who died is replaced. A line is printed for each death. SIGTERM ends them all.
"""

import argparse
import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import django
import pymongo.monitoring
import structlog
from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent, CommandSucceededEvent

from conversations.events.transports.base import Event, Refusal, Transport

# Steps that only a purge has come first: they wait for one.
HARVEST = (
    "update conversation_events",  # redact
    "delete conversations",  # remove the shell
    "insert conversation_events",  # append
    "update outbox appended",
    "update conversations",  # take out of the document
)
PUBLISH = (
    "findAndModify outbox",  # lease
    "publish",
    "update outbox published",
    "update outbox holder leased_until",  # release
)
LEASE_SECONDS = 0.5  # short: leases end while their holders still work
PAUSE = 0.02


@dataclass(frozen=True, kw_only=True)
class Fault:
    """The death of a worker at the n-th time that it comes to a step."""

    step: str
    when: str  # before, after
    time: int

    def __str__(self) -> str:
        """Say where."""
        return f"{self.when} {self.step}"


FAULTS = [
    Fault(step=step, when=when, time=1 + number % 3)
    for number, step in enumerate((*HARVEST, *PUBLISH))
    for when in ("before", "after")
]


class Steps(pymongo.monitoring.CommandListener):
    """Counts the steps that a worker comes to, and ends it at its fault."""

    def __init__(self, fault: Fault | None) -> None:
        self._fault = fault
        self._left = fault.time if fault else 0
        self._names: dict[int, str] = {}

    def reach(self, step: str, when: str) -> None:
        """Die here, if it is the time."""
        if self._fault is None or (step, when) != (self._fault.step, self._fault.when):
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def started(self, event: CommandStartedEvent) -> None:
        """Note what is about to be sent."""
        self._names[event.request_id] = step_of(event.command_name, event.command)
        self.reach(self._names[event.request_id], "before")

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note that it was answered."""
        self.reach(self._names.pop(event.request_id), "after")

    def failed(self, event: CommandFailedEvent) -> None:
        """Forget it."""
        self._names.pop(event.request_id)


def step_of(name: str, command: Any) -> str:
    """Return what a database command is called here."""
    step = f"{name} {command.get(name)}"
    if step != "update outbox":
        return step
    changes = {field for each in command["updates"][0]["u"].values() for field in each}
    return f"{step} {' '.join(sorted(changes))}"


@dataclass(kw_only=True)
class DyingTransport:
    """The real transport, with a step before and after each wave."""

    inner: Transport
    steps: Steps

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """Send."""
        self.steps.reach("publish", "before")
        answers = self.inner.publish(events)
        self.steps.reach("publish", "after")
        return answers

    def close(self) -> None:
        """Close."""
        self.inner.close()


def work(partitions: Sequence[int], fault: Fault | None) -> NoReturn:
    """Deliver the partitions for ever, or until the fault."""
    from django.conf import settings  # noqa: PLC0415  # after the fork, as a real worker

    from conversations import dependencies  # noqa: PLC0415
    from conversations.events.resting import RestingTransport  # noqa: PLC0415
    from conversations.events.transports.build import build_transport  # noqa: PLC0415
    from conversations.services import lease, outbox  # noqa: PLC0415

    steps = Steps(fault)
    pymongo.monitoring.register(steps)
    lease.SECONDS = LEASE_SECONDS

    def transport() -> Transport:
        return DyingTransport(inner=build_transport(settings.EVENTS_BROKER_URL), steps=steps)

    with dependencies.override(transport=RestingTransport(build=transport)):
        while True:
            for partition in partitions:
                try:
                    outbox.deliver(partition, seconds=5)
                # As with a task that fails: the next sweep has another go.
                except Exception:  # noqa: BLE001
                    structlog.get_logger().exception("delivery failed", partition=partition)
            time.sleep(PAUSE)


def keep_working(partitions: Sequence[int], *, number: int) -> NoReturn:
    """Keep `number` workers, each with the next fault."""
    faults: Iterator[Fault] = iter(FAULTS)
    workers: dict[int, Fault | None] = {}
    signal.signal(signal.SIGTERM, lambda *_: end(list(workers)))
    while True:
        while len(workers) < number:
            fault = next(faults, None)
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                work(partitions, fault)
            workers[pid] = fault
        pid, status = os.wait()
        fault = workers.pop(pid)
        print(f"{fault}: {os.waitstatus_to_exitcode(status)}", flush=True)  # noqa: T201


def end(pids: Sequence[int]) -> NoReturn:
    """End all workers, and this process."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Read the arguments, and work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("partitions", type=int, nargs="+")
    options = parser.parse_args()
    django.setup()
    keep_working(options.partitions, number=options.workers)


if __name__ == "__main__":
    main()
