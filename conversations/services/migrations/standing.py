"""How all data migrations stand."""

from dataclasses import dataclass, replace
from datetime import datetime

import pymongo

from conversations.data_migrations.discovery import all_migrations
from conversations.data_migrations.migration import Migration
from conversations.repository import data_migrations, rewriting
from conversations.repository.data_migrations import Lock
from conversations.services.migrations.lock import living_holder
from conversations.services.migrations.progress import Progress, State

LOOKING_LIMIT = 10.0  # seconds; less than a silence of the lock's holder


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A migration, and how far it is."""

    migration: Migration
    progress: Progress


def standings(*, now: datetime) -> tuple[list[Standing], Lock | None]:
    """Return how every migration stands, in order, and who is at work on them."""
    holder = living_holder(now=now)
    states = data_migrations.read_states()
    found = []
    for migration in all_migrations():
        stored = states.get(migration.name)
        progress = Progress.of(stored)
        at_work = stored and holder and holder.fence == stored["fence"]
        if progress.state == State.RUNNING and not at_work:
            progress = replace(progress, state=State.INTERRUPTED)
        found.append(Standing(migration=migration, progress=progress))
    return found, holder


def some_left(migration: Migration) -> bool:
    """Whether there are documents that it is wanted for; raises PyMongoError, also for the time."""
    with pymongo.timeout(LOOKING_LIMIT):
        return rewriting.is_any(name=migration.collection, query=migration.left)


def beginning(progress: Progress, *, again: bool) -> Progress | None:
    """Return where a run begins: where the last one was interrupted, or anew; None if it is done.

    `again` goes over all documents once more, whatever was done.
    """
    if progress.state == State.DONE and not again:
        return None
    interrupted = progress.state in {State.INTERRUPTED, State.RUNNING}
    return progress if interrupted and not again else Progress()
