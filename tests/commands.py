"""Records what is sent to the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

HOUSEKEEPING = {"hello", "ping", "isMaster", "endSessions", "buildInfo"}


class CommandRecorder(CommandListener):
    """Keeps the commands of the thread that records; others go unseen."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record this thread's commands until the block ends."""
        self._local.commands = []
        try:
            yield
        finally:
            del self._local.commands

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The commands so far, as they went over the wire."""
        commands: list[dict[str, Any]] = self._local.commands
        return commands

    @property
    def names(self) -> list[str]:
        """The names of the commands so far."""
        return [next(iter(command)) for command in self.sent]

    def forget(self) -> None:
        """Begin anew."""
        self.sent.clear()

    def started(self, event: CommandStartedEvent) -> None:
        """Keep the command, if this thread records."""
        commands = getattr(self._local, "commands", None)
        if commands is not None and event.command_name not in HOUSEKEEPING:
            commands.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing: what was sent is what counts."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing: what was sent is what counts."""
