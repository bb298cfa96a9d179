"""Whether the database is set up, so that this process may begin its work.

Without a unique index two writers could give one position of the log to two events, so no process
works before it has seen all of them once: requests to the API are answered by 503 `not_set_up`,
tasks are not run. Asked on first use, never before a fork; a process that was let in stays so.
"""

import time

import structlog

from conversations.errors import NotSetUp
from conversations.repository.index_state import Finding, inspect_indexes

LOOK_AGAIN = 1.0  # seconds; a caller meanwhile gets the same answer
log = structlog.get_logger(__name__)


class _Entrance:
    """Opens for good when the unique indexes are there. Many threads may look at once: no lock."""

    def __init__(self) -> None:
        self._open = False
        self._lacking: list[str] = []
        self._looked_at = float("-inf")

    def pass_through(self) -> None:
        if self._open:
            return
        if not self._lacking or time.monotonic() > self._looked_at + LOOK_AGAIN:
            self._look()
        if self._lacking:
            raise NotSetUp(self._lacking)

    def _look(self) -> None:
        lacking = [each.label for each in index_faults() if each.declared and each.declared.unique]
        if lacking != self._lacking:
            self._tell(lacking)
        self._looked_at, self._lacking = time.monotonic(), lacking
        self._open = not lacking

    def _tell(self, lacking: list[str]) -> None:
        if lacking:
            log.error("not set up: run manage.py setup_indexes", unique_indexes=lacking)
        else:
            log.info("set up")


_entrance = _Entrance()


def require_unique_indexes() -> None:
    """Raise NotSetUp until this process has seen every unique index in the database once.

    One listIndexes per collection, then nothing any more. Raises PyMongoError if it is away.
    """
    _entrance.pass_through()


def index_faults() -> list[Finding]:
    """Return the declared indexes that the database lacks or has otherwise."""
    return [finding for finding in inspect_indexes() if not finding.is_as_good]
