"""Reads and writes of single conversations. Each write is one atomic write to one document."""

from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS

# Internal fields that can be large and that neither a representation nor a change needs.
WITHOUT_INTERNALS = {"search_terms": 0, "recent_activity": 0, "pending_events": 0}
WITH_PENDING_EVENTS = {"search_terms": 0, "recent_activity": 0}
OWNERSHIP = {"user_id": 1, "status": 1, "expires_at": 1}


def insert(document: Document) -> None:
    """Store a new conversation; raises pymongo's DuplicateKeyError if its `_id` is taken."""
    collection(CONVERSATIONS).insert_one(document)


def find(
    *, conversation_id: ObjectId, user_id: str, with_pending_events: bool = False
) -> Document | None:
    """Return a user's conversation, in whatever state, or None."""
    return collection(CONVERSATIONS).find_one(
        {"_id": conversation_id, "user_id": user_id},
        WITH_PENDING_EVENTS if with_pending_events else WITHOUT_INTERNALS,
    )


def find_after(*, after: ObjectId | None, user_id: str, limit: int) -> list[Document]:
    """Return the next of a user's conversations by `_id`, in whatever state."""
    query: Document = {"user_id": user_id}
    if after is not None:
        query["_id"] = {"$gt": after}
    found = collection(CONVERSATIONS).find(
        query, WITHOUT_INTERNALS, sort=[("_id", 1)], limit=limit, batch_size=limit
    )
    return list(found)


def ids_of(user_id: str, *, limit: int) -> list[ObjectId]:
    """Return some of a user's conversations, in whatever state."""
    found = collection(CONVERSATIONS).find({"user_id": user_id}, {"_id": 1}, limit=limit)
    return [document["_id"] for document in found]


def count_of(user_id: str) -> int:
    """Return how many conversations a user has, in whatever state."""
    return collection(CONVERSATIONS).count_documents({"user_id": user_id})


def find_ownership(*, conversation_id: ObjectId) -> Document | None:
    """Return whose the conversation is and whether it is visible, or None."""
    return collection(CONVERSATIONS).find_one({"_id": conversation_id}, OWNERSHIP)


def update_at_version(
    *, document: Document, fields: Document, event: Document, version: int
) -> Document | None:
    """Set `fields` and append `event` if the conversation is still at `document`'s version.

    Returns the conversation after the change, or None when another change came first.
    """
    return _update(
        document=document,
        changes={
            "$set": {**fields, "version": version},
            "$push": {"pending_events": event},
            # The oldest pending event's time: set by the first, kept by the rest.
            "$min": {"pending_since": fields["updated_at"]},
        },
    )


def replace_events_at_version(
    *, document: Document, fields: Document, events: list[Document], version: int
) -> Document | None:
    """As update_at_version, but with the whole list of pending events exchanged."""
    return _update(
        document=document,
        changes={
            "$set": {**fields, "version": version, "pending_events": events},
            "$min": {"pending_since": fields["updated_at"]},
        },
    )


def _update(*, document: Document, changes: dict[str, Any]) -> Document | None:
    return collection(CONVERSATIONS).find_one_and_update(
        {
            "_id": document["_id"],
            "user_id": document["user_id"],
            "version": document["version"],
        },
        changes,
        projection=WITHOUT_INTERNALS,
        return_document=ReturnDocument.AFTER,
    )
