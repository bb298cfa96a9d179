"""The outbox: for each partition of the log how far it goes, and how far it is published.

A document of `outbox` is one partition. What it says of the log is never ahead of the log.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from conversations.repository.database import Document, collection
from conversations.repository.indexes import EPOCH, EVENTS, OUTBOX


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """How one partition stands.

    `appended`: the log has all positions up to it, and every event that left its document.
    `published`: the broker has confirmed all up to it, but for those that are parked.
    `compacted`: the log is not promised to have any position up to it; readers begin above it.
    `parked_mark` is None when none is parked; else it changes with each that is. `holder` publishes
    from the partition until `leased_until`.
    """

    partition: int
    appended: int
    published: int
    compacted: int
    parked_mark: str | None
    holder: str | None
    leased_until: datetime

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return what a document says."""
        return cls(
            partition=document["_id"],
            appended=document["appended"],
            published=document["published"],
            compacted=document["compacted"],
            parked_mark=document["parked_mark"],
            holder=document["holder"],
            leased_until=document["leased_until"],
        )

    @property
    def unpublished(self) -> int:
        """How many positions of the log are still to be published."""
        return max(0, self.appended - self.published)


def find(partition: int) -> Checkpoint:
    """Return how a partition stands; the first to ask begins its account."""
    document = collection(OUTBOX).find_one({"_id": partition})
    return Checkpoint.of(document) if document else _begin(partition)


def find_all() -> list[Checkpoint]:
    """Return how all partitions stand that ever had an event in the log, by partition."""
    return [Checkpoint.of(document) for document in collection(OUTBOX).find(sort=[("_id", 1)])]


def _begin(partition: int) -> Checkpoint:
    # A log that is older than its account is published from its beginning.
    last = collection(EVENTS).find_one(
        {"partition": partition}, {"position": 1}, sort=[("position", -1)]
    )
    document = {
        "_id": partition,
        "appended": last["position"] if last else 0,
        "published": 0,
        "compacted": 0,
        "parked_mark": None,
        "holder": None,
        "leased_until": EPOCH,
    }
    try:
        collection(OUTBOX).insert_one(document)
    except DuplicateKeyError:
        return find(partition)
    return Checkpoint.of(document)


def raise_appended(*, partition: int, position: int) -> None:
    """Note that the log has all positions up to this one."""
    collection(OUTBOX).update_one({"_id": partition}, {"$max": {"appended": position}})


def raise_published(*, partition: int, position: int, parked_mark: str | None = None) -> None:
    """Note that the broker has all up to this position; `parked_mark`, that some were parked."""
    marked = {} if parked_mark is None else {"$set": {"parked_mark": parked_mark}}
    collection(OUTBOX).update_one({"_id": partition}, {"$max": {"published": position}, **marked})


def raise_compacted(*, partition: int, position: int) -> None:
    """Give up the positions up to this one. Only after that may their rows be deleted.

    So a reader who looks at the rows first, and at `compacted` after, misses none unawares.
    """
    collection(OUTBOX).update_one({"_id": partition}, {"$max": {"compacted": position}})


def clear_parked_mark(*, partition: int, mark: str) -> None:
    """Note that nothing is parked, unless something has been since `mark` was read."""
    collection(OUTBOX).update_one(
        {"_id": partition, "parked_mark": mark}, {"$set": {"parked_mark": None}}
    )


def acquire(*, partition: int, holder: str, now: datetime, until: datetime) -> Checkpoint | None:
    """Lease a partition whose lease is over; returns how it stands, or None if it is held."""
    document = collection(OUTBOX).find_one_and_update(
        {"_id": partition, "leased_until": {"$lt": now}},
        {"$set": {"holder": holder, "leased_until": until}},
        return_document=ReturnDocument.AFTER,
    )
    return Checkpoint.of(document) if document else None


def renew(*, partition: int, holder: str, until: datetime) -> bool:
    """Hold a partition for longer; returns whether it was still held."""
    kept = collection(OUTBOX).update_one(
        {"_id": partition, "holder": holder}, {"$set": {"leased_until": until}}
    )
    return kept.matched_count == 1


def release(*, partition: int, holder: str) -> None:
    """Let go of a partition, if it is still held."""
    collection(OUTBOX).update_one(
        {"_id": partition, "holder": holder}, {"$set": {"holder": None, "leased_until": EPOCH}}
    )
