"""Records of creating requests that carry an Idempotency-Key."""

from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from conversations.repository.database import Document, collection
from conversations.repository.indexes import IDEMPOTENCY_KEYS


def insert(record: Document) -> bool:
    """Store a new record; returns False if its `_id` is taken."""
    try:
        collection(IDEMPOTENCY_KEYS).insert_one(record)
    except DuplicateKeyError:
        return False
    return True


def find(record_id: str) -> Document | None:
    """Return a record, or None."""
    return collection(IDEMPOTENCY_KEYS).find_one({"_id": record_id})


def extend_lease(record: Document, *, until: datetime) -> bool:
    """Take over a record whose lease has ended; returns False if someone else was quicker."""
    result = collection(IDEMPOTENCY_KEYS).update_one(
        {"_id": record["_id"], "leased_until": record["leased_until"]},
        {"$set": {"leased_until": until}},
    )
    return result.modified_count == 1


def end_lease(record_id: str, *, at: datetime) -> None:
    """Let the next request take the record over."""
    collection(IDEMPOTENCY_KEYS).update_one({"_id": record_id}, {"$set": {"leased_until": at}})


def keep_answer(record_id: str, *, answer: dict[str, Any]) -> None:
    """Store the answer that repeats will get."""
    collection(IDEMPOTENCY_KEYS).update_one({"_id": record_id}, {"$set": {"answer": answer}})


def delete(record_id: str) -> None:
    """Forget a record."""
    collection(IDEMPOTENCY_KEYS).delete_one({"_id": record_id})


def find_after(*, after: str, user_id: str, limit: int) -> list[Document]:
    """Return the next of a user's records by `_id`, without their answers."""
    found = collection(IDEMPOTENCY_KEYS).find(
        {"user_id": user_id, "_id": {"$gt": after}},
        {"conversation_id": 1, "created_at": 1},
        sort=[("_id", 1)],
        limit=limit,
        batch_size=limit,
    )
    return list(found)


def count_of_user(user_id: str) -> int:
    """Return how many records there are of creations for a user."""
    return collection(IDEMPOTENCY_KEYS).count_documents({"user_id": user_id})


def delete_of_user(user_id: str) -> None:
    """Forget all records of creations for a user."""
    collection(IDEMPOTENCY_KEYS).delete_many({"user_id": user_id})


def delete_of(conversation_id: ObjectId) -> None:
    """Forget the answers that hold a conversation's content."""
    collection(IDEMPOTENCY_KEYS).delete_many({"conversation_id": conversation_id})
