"""Jobs: who holds one, how far it came, how it ended. Each write is bound to the holder's fence."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from conversations.repository.database import Document, collection
from conversations.repository.indexes import EPOCH, JOBS
from conversations.repository.listing import Position, Slice, Walk


def insert(job: Document) -> bool:
    """Store a new job; returns False if an unfinished one has the same `exclusive`."""
    try:
        collection(JOBS).insert_one(job)
    except DuplicateKeyError:
        return False
    return True


def find(job_id: ObjectId) -> Document | None:
    """Return a job, or None."""
    return collection(JOBS).find_one({"_id": job_id})


def find_exclusive(exclusive: str) -> Document | None:
    """Return the unfinished job of this `exclusive`, or None."""
    return collection(JOBS).find_one({"exclusive": exclusive})


def read_slice(
    *,
    owner: str,
    filters: dict[str, Any],
    position: Position | None,
    limit: int,
) -> Slice:
    """Return up to `limit` jobs of an owner from `position` on, the newest first."""
    walk = Walk(
        source=JOBS,
        query={"owner": owner, **filters},
        field="created_at",
        ascending=position is not None and position.backward,
        projection={},
    )
    return walk.slice(position, limit=limit)


def change(job: Document, fields: Document) -> bool:
    """Set fields if nobody has taken the job since, and its state is as read."""
    return _update(job, {"$set": fields}, state=job["state"])


def take(job: Document, fields: Document) -> bool:
    """As `change`, and shut out whoever held it before: the fence rises."""
    return _update(job, {"$set": fields, "$inc": {"fence": 1}}, state=job["state"])


def finish(job: Document, fields: Document, *, forget: Sequence[str]) -> bool:
    """End a job, if nobody has taken it since; `forget` names what is not kept of it."""
    gone = dict.fromkeys(("leased_until", "exclusive", *forget), "")
    return _update(job, {"$set": fields, "$unset": gone, "$inc": {"fence": 1}})


def _update(job: Document, changes: Document, **bounds: Any) -> bool:
    held = {"_id": job["_id"], "fence": job["fence"], **bounds}
    return collection(JOBS).update_one(held, changes).matched_count == 1


def due(*, now: datetime, limit: int) -> list[ObjectId]:
    """Return unfinished jobs that nobody holds, the longest waiting first."""
    found = collection(JOBS).find(
        {"leased_until": {"$lt": now}}, {"_id": 1}, sort=[("leased_until", 1)], limit=limit
    )
    return [job["_id"] for job in found]


def count_unfinished() -> int:
    """Return how many jobs have not ended."""
    return collection(JOBS).count_documents({"leased_until": {"$gt": EPOCH}})


def count_of(owner: str) -> int:
    """Return how many jobs an owner has."""
    return collection(JOBS).count_documents({"owner": owner})


def delete_of(owner: str) -> None:
    """Delete all jobs of an owner; whoever works on one of them stops at its next batch."""
    collection(JOBS).delete_many({"owner": owner})
