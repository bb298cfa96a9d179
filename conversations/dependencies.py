"""What the services need from outside, in one place, and replaceable in tests.

`get()` returns the process's collaborators, built on first use and never before a fork;
`override()` exchanges some of them for the length of a block, in every thread of the process.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from conversations.events.resting import RestingTransport
from conversations.events.waiters import Waiters
from conversations.plugins.plugins import Plugins
from integrations.auth import AuthClient
from integrations.characters import CharactersClient
from integrations.jwks import JwksClient
from integrations.resilience.rate_limit import RateLimiter


def utc_now() -> datetime:
    """Return the time, UTC without an offset, cut to the milliseconds that the database keeps."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def do_nothing(_partition: int) -> None:
    """Leave a waiting event to the next sweep."""


def note_nothing(_event: Mapping[str, Any]) -> None:
    """Record no trace."""


def leave_to_the_sweep(_job_id: str) -> None:
    """Leave a job to the next look for those that are due."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """The collaborators of one process.

    `jwks` is there where the issuer of tokens publishes its keys, `rate_limiter` where callers have
    a limit. `nudge` is told of a partition of the event log that has a new event waiting; it
    returns at once and raises nothing. `run_job` asks the workers to go on with a job, by its id,
    in the same manner. `transport` leads to the broker of events. `event_written` records each new
    event in its trace.
    """

    auth: AuthClient
    characters: CharactersClient
    transport: RestingTransport
    waiters: Waiters
    plugins: Plugins
    jwks: JwksClient | None = None
    rate_limiter: RateLimiter | None = None
    clock: Callable[[], datetime] = utc_now
    nudge: Callable[[int], None] = do_nothing
    run_job: Callable[[str], None] = leave_to_the_sweep
    event_written: Callable[[Mapping[str, Any]], None] = note_nothing


Factory = Callable[[], Dependencies]

_lock = threading.Lock()
_current: Dependencies | None = None
_factory: Factory | None = None  # instead of the one that the settings name


def get() -> Dependencies:
    """Return this process's collaborators."""
    return _current or _first()


def _first() -> Dependencies:
    global _current  # noqa: PLW0603  # the one place that holds them
    with _lock:
        if _current is None:
            _current = _build()
        return _current


def _build() -> Dependencies:
    build: Factory = _factory or import_string(settings.DEPENDENCIES_FACTORY)
    return build()


def build_with(factory: Factory) -> None:
    """Let this process, and those forked from it, build their collaborators in another way."""
    global _factory  # noqa: PLW0603  # the one place that holds it
    _factory = factory


@contextmanager
def override(**changes: Any) -> Iterator[Dependencies]:
    """Exchange the named collaborators until the block ends."""
    global _current  # noqa: PLW0603  # the one place that holds them
    before = get()
    _current = replace(before, **changes)
    try:
        yield _current
    finally:
        _current = before
