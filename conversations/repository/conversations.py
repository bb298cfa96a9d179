"""Reads and writes of single conversations. Each write is one atomic write to one document."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne

from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS

# Internal fields that can be large and that neither a representation nor a change needs.
WITHOUT_INTERNALS = {"search_terms": 0, "recent_activity": 0, "pending_events": 0}
WITH_PENDING_EVENTS = {"search_terms": 0, "recent_activity": 0}
OWNERSHIP = {"user_id": 1, "status": 1, "expires_at": 1, "partition": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Fields to set in the conversation if it is still at the `document`'s version, and the event.

    `fields` have `updated_at`; `version` is the one after the change.
    """

    document: Document
    fields: Document
    event: Document
    version: int


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


def find_all(ids: Collection[ObjectId]) -> list[Document]:
    """Return the conversations that there are of these, of whomever and in whatever state."""
    whole = len(ids) + 1  # a first answer that is not full is the last
    found = collection(CONVERSATIONS).find(
        {"_id": {"$in": list(ids)}}, WITHOUT_INTERNALS, batch_size=whole
    )
    return list(found)


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


def delete_as_read(document: Document) -> None:
    """Delete what is no conversation yet, unless it has been migrated or changed since."""
    collection(CONVERSATIONS).delete_one(
        {
            "_id": document["_id"],
            "user_id": document["user_id"],
            "version": document.get("version"),
            "partition": document.get("partition"),
        }
    )


def find_ownership(*, conversation_id: ObjectId) -> Document | None:
    """Return whose the conversation is and whether it is visible, or None."""
    return collection(CONVERSATIONS).find_one({"_id": conversation_id}, OWNERSHIP)


def update_at_version(change: Change) -> Document | None:
    """Make a change and append its event.

    Returns the conversation after the change, or None when another change came first.
    """
    return _update(document=change.document, changes=_changing(change))


def update_all_at_version(changes: Sequence[Change]) -> set[ObjectId]:
    """Make changes of different conversations as update_at_version does, in one command.

    Returns the conversations that were changed. Only when another change came first somewhere is
    it asked where: one whose event was harvested meanwhile is then not among them.
    """
    updates = [UpdateOne(_at_version(each.document), _changing(each)) for each in changes]
    written = collection(CONVERSATIONS).bulk_write(updates, ordered=False)
    if written.matched_count == len(changes):
        return {each.document["_id"] for each in changes}
    return _with_event({each.document["_id"]: each.event["event_id"] for each in changes})


def _with_event(event_ids: dict[ObjectId, str]) -> set[ObjectId]:
    """Return the conversations in which the event that is given for each is waiting."""
    found = collection(CONVERSATIONS).find(
        {"_id": {"$in": list(event_ids)}},
        {"pending_events.event_id": 1},
        batch_size=len(event_ids) + 1,
    )
    return {
        row["_id"]
        for row in found
        if {"event_id": event_ids[row["_id"]]} in row.get("pending_events", [])
    }


def _changing(change: Change) -> dict[str, Any]:
    return {
        "$set": {**change.fields, "version": change.version},
        "$push": {"pending_events": change.event},
        # The oldest pending event's time: set by the first, kept by the rest.
        "$min": {"pending_since": change.fields["updated_at"]},
    }


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
        _at_version(document),
        changes,
        projection=WITHOUT_INTERNALS,
        return_document=ReturnDocument.AFTER,
    )


def _at_version(document: Document) -> dict[str, Any]:
    return {
        "_id": document["_id"],
        "user_id": document["user_id"],
        "version": document["version"],
    }
