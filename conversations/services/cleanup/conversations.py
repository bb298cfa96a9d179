"""Purging what lay in the trash for long enough, and what has expired.

By the same path as an owner's purge: nothing disappears without `conversation.purged`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import structlog
from pymongo.errors import PyMongoError

from conversations.caller import system_caller
from conversations.repository import overdue
from conversations.repository.database import Document
from conversations.services.cleanup.chore import Chore
from conversations.services.trash import purge_if
from conversations.states import Status

ACTOR = "system:cleanup"
PATIENCE = 5.0  # seconds for one conversation that others keep changing
log = structlog.get_logger(__name__)


def trash_chores(*, now: datetime, retention: timedelta) -> Iterator[Chore]:
    """Yield a purge for each conversation that has been in the trash for `retention`."""
    before = now - retention

    def lay_long_enough(document: Document) -> bool:
        deleted = document["status"] == Status.DELETED
        return deleted and bool(document["deleted_at"] < before)

    for found in overdue.trashed_before(before):
        yield _purge("trash", found, condition=lay_long_enough, now=now)


def expiry_chores(*, now: datetime) -> Iterator[Chore]:
    """Yield a purge for each conversation that has expired: nobody can see it any more."""

    def has_expired(document: Document) -> bool:
        expires_at: datetime | None = document["expires_at"]
        return expires_at is not None and expires_at <= now

    for found in overdue.expired(now):
        yield _purge("expired", found, condition=has_expired, now=now)


def _purge(
    kind: str, found: Document, *, condition: Callable[[Document], bool], now: datetime
) -> Chore:
    return Chore(kind=kind, size=1, do=partial(_purged, found, condition=condition, now=now))


def _purged(found: Document, *, condition: Callable[[Document], bool], now: datetime) -> int:
    try:
        return purge_if(
            conversation_id=found["_id"],
            condition=condition,
            caller=system_caller(actor=ACTOR, owner=found["user_id"], seconds=PATIENCE),
            now=now,
        )
    except PyMongoError:
        raise
    # Whatever is wrong with this one, those behind it must not wait for its repair.
    except Exception:
        log.exception("not purged", conversation_id=str(found["_id"]))
        return 0
