"""Carrying a data migration out: batch by batch, in an order that can be taken up again anywhere.

Progress is saved after each batch. Whoever dies before that leaves a batch that is done and not
counted: the next one finds nothing to do in it, and goes on.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pymongo
import structlog
from pymongo.errors import PyMongoError

from conversations.data_migrations.migration import Migration
from conversations.repository import data_migrations, rewriting
from conversations.services.migrations import batch
from conversations.services.migrations.lock import HeldLock, LockLost
from conversations.services.migrations.progress import Progress, State, with_errors

BATCH_LIMIT = 10.0  # seconds that the database may take for one batch; less than a silence
SMALLEST = 10  # documents that a batch is brought down to where the database is slow
NAP = 0.5  # seconds, the longest that nobody looks whether it is to stop
Clock = Callable[[], datetime]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How to go through the documents.

    `batch_size` is halved whenever the database is too slow for a batch in its time. `pace` is how
    many a second, None for as fast as it goes. `announce` leaves events with the documents. `told`
    is called with the progress after each batch; `stopped` says when to stop.
    """

    batch_size: int
    pace: float | None
    announce: bool
    clock: Clock
    told: Callable[[Progress], None]
    stopped: Callable[[], bool]


def migrate(migration: Migration, *, before: Progress, lock: HeldLock, manner: Manner) -> Progress:
    """Carry a migration out from where `before` is, to its end or until it is stopped.

    Raises LockLost, and PyMongoError when the database fails; what is saved stays.
    """
    progress = replace(before, state=State.RUNNING, finished_at=None, error=None)
    progress = replace(
        progress,
        started_at=progress.started_at or manner.clock(),
        total=rewriting.estimated_count(migration.collection),
    )
    if not data_migrations.begin(name=migration.name, fence=lock.fence, fields=progress.fields()):
        raise LockLost
    try:
        return _through(migration, progress, lock=lock, manner=manner)
    except Exception as error:
        _note(migration, lock=lock, error=type(error).__name__)
        raise


def _through(
    migration: Migration, progress: Progress, *, lock: HeldLock, manner: Manner
) -> Progress:
    size = manner.batch_size
    while progress.state == State.RUNNING and not manner.stopped():
        begun = time.monotonic()
        lock.keep()
        try:
            after = _saved_batch(migration, progress, size=size, lock=lock, manner=manner)
        except PyMongoError as error:
            if not error.timeout or size <= SMALLEST:
                raise
            size = max(SMALLEST, size // 2)
            log.warning("data migration slowed down", reason=type(error).__name__, batch_size=size)
            continue
        manner.told(after)
        if after.state == State.RUNNING and manner.pace is not None:
            _rest(begun + (after.read - progress.read) / manner.pace, lock=lock, manner=manner)
        progress = after
    return progress


def _saved_batch(
    migration: Migration, progress: Progress, *, size: int, lock: HeldLock, manner: Manner
) -> Progress:
    """Carry out one batch and save the progress with it, which is returned."""
    with pymongo.timeout(BATCH_LIMIT):
        after = _batch(migration, progress, size=size, manner=manner)
        if not data_migrations.save(name=migration.name, fence=lock.fence, fields=after.fields()):
            raise LockLost
    return after


def _batch(migration: Migration, progress: Progress, *, size: int, manner: Manner) -> Progress:
    now = manner.clock()
    found = batch.read_batch(migration, after=progress.cursor, limit=size)
    terms = batch.Terms(now=now, announce=manner.announce)
    written = batch.write(migration, found, terms=terms)
    after = replace(
        progress,
        cursor=found[-1]["_id"] if found else progress.cursor,
        read=progress.read + len(found),
        changed=progress.changed + written.changed,
        failed=progress.failed + len(written.failed),
        errors=with_errors(progress.errors, written.failed),
    )
    if len(found) == size:
        return after
    state = State.INCOMPLETE if after.failed else State.DONE
    return replace(after, state=state, finished_at=now)


def _rest(until: float, *, lock: HeldLock, manner: Manner) -> None:
    """Wait until a moment of the monotonic clock, still alive."""
    while (left := until - time.monotonic()) > 0 and not manner.stopped():
        lock.keep()
        time.sleep(min(left, NAP))


def _note(migration: Migration, *, lock: HeldLock, error: str) -> None:
    """Leave with the migration why it broke off, if the database still takes that."""
    try:
        with pymongo.timeout(BATCH_LIMIT):
            data_migrations.save(name=migration.name, fence=lock.fence, fields={"error": error})
    except PyMongoError as away:
        log.warning("data migration broke off", reason=error, not_saved=type(away).__name__)
