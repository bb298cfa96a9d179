"""Recording activity: how many messages a conversation has, when the last came, its title.

An activity that is told again counts once. A suggested title is a change of its own, after the
counting: whoever dies in between leaves it to the repeat, which counts nothing and suggests again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from conversations.activity import Activity
from conversations.caller import Caller
from conversations.errors import ConversationNotFound, Fault, InvalidInput
from conversations.repository import activity as store
from conversations.repository.database import Document
from conversations.repository.queries import visible
from conversations.services.change import change_conversation
from conversations.states import Action, Status

FARTHEST_AHEAD = timedelta(hours=24)  # what the clocks of others may be wrong by


def record_activity(*, activity: Activity, caller: Caller, now: datetime) -> Document:
    """Count an activity of anybody's conversation, in one write; return its metadata after it.

    Raises InvalidInput if it lies too far ahead, ConversationNotFound if no such conversation (of
    the owner that the activity names) is visible, and TooContended for a suggested title.
    """
    _check_moments([(("occurred_at",), activity.occurred_at)], now=now)
    state = store.count(activity=activity, now=now) or store.find_state(activity)
    metadata = _settled(activity, state, caller=caller, now=now)
    if metadata is None:
        raise ConversationNotFound
    return metadata


def record_activities(
    *, activities: Sequence[Activity], caller: Caller, now: datetime
) -> list[Document | None]:
    """Count activities, in one write and one read; return their conversations' metadata.

    It is as after all of them, and None where record_activity would raise ConversationNotFound.
    Raises InvalidInput, with nothing counted, if any lies too far ahead; and TooContended.
    """
    _check_moments(
        [(("items", i, "occurred_at"), each.occurred_at) for i, each in enumerate(activities)],
        now=now,
    )
    store.count_all(activities=activities, now=now)
    states = store.find_states({each.conversation_id for each in activities})
    return [
        _settled(each, states.get(each.conversation_id), caller=caller, now=now)
        for each in activities
    ]


def _check_moments(
    moments: Iterable[tuple[tuple[str | int, ...], datetime]], *, now: datetime
) -> None:
    faults = [
        Fault(path=path, code="too_far_ahead", detail="At most 24 hours in the future.")
        for path, moment in moments
        if moment > now + FARTHEST_AHEAD
    ]
    if faults:
        raise InvalidInput(faults)


def _settled(
    activity: Activity, state: Document | None, *, caller: Caller, now: datetime
) -> Document | None:
    """Suggest the title of a counted activity; return the metadata, or None where it is not found.

    `state` is the conversation's after the counting.
    """
    if state is None or not visible(state, now=now):
        return None
    if activity.user_id not in (None, state["user_id"]):
        return None
    try:
        _suggest_title(activity, state, caller=caller, now=now)
    except ConversationNotFound:  # purged since
        return None
    metadata: Document = state["metadata"]
    return metadata


def _suggest_title(activity: Activity, state: Document, *, caller: Caller, now: datetime) -> None:
    if not _titled(state, activity):
        return
    change_conversation(
        conversation_id=state["_id"],
        action=Action.UPDATE,
        compute=lambda document: _titled(document, activity),
        expected_versions=None,
        caller=replace(caller, owner=state["user_id"]),
        now=now,
    )


def _titled(document: Document, activity: Activity) -> dict[str, Any]:
    """Return the fields of the suggested title, or none where it does not apply.

    Of suggestions the one that occurred last stays, whatever the order they arrive in: its moment
    was stored when it was counted. The trash is not edited.
    """
    if (
        activity.suggested_title in (None, document["title"])
        or document["title_source"] == "user"
        or document["status"] == Status.DELETED
        or document.get("title_suggested_at", activity.occurred_at) > activity.occurred_at
    ):
        return {}
    return {"title": activity.suggested_title, "title_source": "auto"}
