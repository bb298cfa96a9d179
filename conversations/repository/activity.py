"""The counting of activities: each by one atomic update, at most once while it is remembered."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bson import ObjectId
from pymongo import ReturnDocument, UpdateOne

from conversations.activity import REMEMBERED, Activity, ActivityType
from conversations.repository.database import Document, collection
from conversations.repository.indexes import ACTIVITY, CONVERSATIONS
from conversations.repository.queries import unexpired
from conversations.states import LISTED

STATE = {
    "user_id": 1,
    "status": 1,
    "expires_at": 1,
    "partition": 1,
    "title": 1,
    "title_source": 1,
    "title_suggested_at": 1,
    ACTIVITY: 1,
    "metadata.message_count": 1,
}


def count(*, activity: Activity, now: datetime) -> Document | None:
    """Count an activity and return its conversation's state after it.

    None where there was nothing to count: it was counted before, or no such conversation is
    visible.
    """
    return collection(CONVERSATIONS).find_one_and_update(
        _uncounted(activity, now=now),
        _counting(activity),
        projection=STATE,
        return_document=ReturnDocument.AFTER,
    )


def count_all(*, activities: Sequence[Activity], now: datetime) -> None:
    """Count activities as `count` does, in one command."""
    collection(CONVERSATIONS).bulk_write(
        [UpdateOne(_uncounted(each, now=now), _counting(each)) for each in activities],
        ordered=False,
    )


def find_state(activity: Activity) -> Document | None:
    """Return the state of an activity's conversation, visible or not, or None."""
    return collection(CONVERSATIONS).find_one(_meant(activity), STATE)


def find_states(ids: Collection[ObjectId | None]) -> dict[ObjectId | None, Document]:
    """Return the states of the conversations that there are, visible or not, by their ids."""
    whole = len(ids) + 1  # a first answer that is not full is the last
    found = collection(CONVERSATIONS).find({"_id": {"$in": list(ids)}}, STATE, batch_size=whole)
    return {state["_id"]: state for state in found}


def _meant(activity: Activity) -> Document:
    owner = {} if activity.user_id is None else {"user_id": activity.user_id}
    return {"_id": activity.conversation_id, **owner}


def _uncounted(activity: Activity, *, now: datetime) -> Document:
    return {
        **_meant(activity),
        "status": {"$in": [status.value for status in LISTED]},
        **unexpired(now),
        "recent_activity": {"$ne": activity.mark},
    }


def _counting(activity: Activity) -> Document:
    created = activity.type is ActivityType.CREATED
    changes = {
        "$inc": {"metadata.message_count": 1 if created else -1, "activity_rev": 1},
        "$push": {"recent_activity": {"$each": [activity.mark], "$slice": -REMEMBERED}},
    }
    latest = {}
    if created:
        latest[ACTIVITY] = activity.occurred_at
    if activity.suggested_title is not None:
        latest["title_suggested_at"] = activity.occurred_at
    return {**changes, "$max": latest} if latest else changes
