import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from devstack.child import Child, Service, start
from devstack.errors import StackError, StepFailed
from devstack.folder import Folder
from devstack.groups import end
from devstack.guardian import Guardian
from devstack.logs import LogFollower

POLL_SECONDS = 0.05


class Interrupted(Exception):  # not an error: someone asked the stack to end
    """The stack is to end; raised out of whatever it was waiting for."""


class Stack:
    """The running processes. Leaving the block ends them all, last started last to go.

    `wanted` says how often the end was asked for: once is enough, twice hurries.
    """

    def __init__(
        self, *, folder: Folder, lock: int, wanted: Callable[[], int], remove: Sequence[Path] = ()
    ) -> None:
        self._folder = folder
        self._wanted = wanted
        self._children: list[Child] = []
        # Who kills `make run` kills make, which cannot tell us any more.
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None
        # Short whatever TMPDIR says: it is for sockets.
        self.scratch = Path(tempfile.mkdtemp(prefix="stack-", dir="/tmp"))
        self._guardian = Guardian(lock=lock, remove=(folder.env_file, self.scratch, *remove))
        self._exits = ExitStack()
        self._logs = self._exits.enter_context(LogFollower())
        self.env: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        end([child.group for child in self._children], hurried=lambda: self._wanted() > 1)
        for child in self._children:
            child.process.wait()
            self._guardian.forget(child.process.pid)
        self._exits.close()
        self._guardian.dismiss()

    def start(self, service: Service) -> Child:
        """Start a service; it is watched from now on."""
        log = self._folder.logs / f"{service.name}.log"
        child = start(service, env=self.env, log=log, guardian_pipe=self._guardian.pipe)
        self._children.append(child)
        self._logs.add(name=service.name, path=log, echoed=service.echoed)
        return child

    def wait_ready(self, child: Child) -> None:
        """Return when the child is ready; StackError when it takes too long or any child died."""
        deadline = time.monotonic() + child.service.ready_within
        while not child.service.is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise StackError(
                    f"{child.service.name} is not ready after {child.service.ready_within:.0f} s: "
                    f"see {child.log}"
                )
            time.sleep(POLL_SECONDS)

    def run(self, service: Service) -> None:
        """Run a service that ends by itself; StepFailed when it does not succeed."""
        child = self.start(service)
        while child.process.poll() is None:
            self.check(but=child)
            time.sleep(POLL_SECONDS)
        self._children.remove(child)
        self._guardian.forget(child.process.pid)
        if child.process.returncode != 0:
            raise StepFailed(child.epitaph())

    def check(self, *, but: Child | None = None) -> None:
        """Raise Interrupted when the end is wanted, StackError when a process has died."""
        if self._wanted() or self._parent not in (None, os.getppid()):
            raise Interrupted
        for child in self._children:
            if child is not but and child.process.poll() is not None:
                raise StackError(child.epitaph())
        if not self._guardian.is_alive:
            raise StackError("the guardian of the stack has died")

    def watch(self) -> None:
        """Show what the processes say, and check them for ever."""
        self._logs.show()
        while True:
            self.check()
            time.sleep(POLL_SECONDS)
