"""How far data migrations are, and who carries them out: the collection `data_migrations`.

One document per migration, by its name, and one, `lock`, for the runner. The lock's fence rises
with each holder; what a holder writes here is bound to its fence, so that one who was given up for
dead cannot write any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from conversations.repository.database import Document, collection
from conversations.repository.indexes import EPOCH

DATA_MIGRATIONS = "data_migrations"
_LOCK = "lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """Who carries migrations out, since when, and when it last said so. Holding, if ever."""

    fence: int
    holder: str
    since: datetime
    heartbeat_at: datetime


def read_lock() -> Lock | None:
    """Return the lock as it is, or None if nobody ever held it."""
    document = collection(DATA_MIGRATIONS).find_one({"_id": _LOCK}, {"_id": 0})
    return Lock(**document) if document else None


def take_lock(*, holder: str, now: datetime, silent_since: datetime) -> int | None:
    """Take the lock if its holder has been silent since before `silent_since`; None if not.

    Returns the fence. `holder` tells people who it is.
    """
    fields = {"holder": holder, "since": now, "heartbeat_at": now}
    before = read_lock()
    if before is None:
        try:
            collection(DATA_MIGRATIONS).insert_one({"_id": _LOCK, "fence": 1, **fields})
        except DuplicateKeyError:
            return None
        return 1
    if before.heartbeat_at >= silent_since:
        return None
    fence = before.fence + 1
    free = {"_id": _LOCK, "fence": before.fence, "heartbeat_at": before.heartbeat_at}
    return fence if _changed(free, {**fields, "fence": fence}) else None


def beat(*, fence: int, now: datetime) -> bool:
    """Say that the holder lives; returns whether it still is the holder."""
    return _changed({"_id": _LOCK, "fence": fence}, {"heartbeat_at": now})


def release_lock(*, fence: int) -> None:
    """Let go of the lock, if it is still held."""
    _changed({"_id": _LOCK, "fence": fence}, {"heartbeat_at": EPOCH})


def read_states() -> dict[str, Document]:
    """Return how far each migration is that was ever begun, by name."""
    found = collection(DATA_MIGRATIONS).find({"_id": {"$ne": _LOCK}})
    return {state["_id"]: state for state in found}


def begin(*, name: str, fence: int, fields: Document) -> bool:
    """Write `fields` of a migration as the holder of the lock; False if another has since begun."""
    try:
        collection(DATA_MIGRATIONS).insert_one({"_id": name, "fence": fence, **fields})
    except DuplicateKeyError:
        return _changed({"_id": name, "fence": {"$lt": fence}}, {**fields, "fence": fence})
    return True


def save(*, name: str, fence: int, fields: Document) -> bool:
    """Write `fields` of a migration that this holder began; False if another has taken over."""
    return _changed({"_id": name, "fence": fence}, fields)


def _changed(query: Document, fields: dict[str, Any]) -> bool:
    return collection(DATA_MIGRATIONS).update_one(query, {"$set": fields}).matched_count == 1
