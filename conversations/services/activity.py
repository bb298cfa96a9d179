"""Recording activity: how many messages a conversation has, when the last came, its title.

An activity that is told again counts once. A suggested title is a change of its own, after the
counting: whoever dies in between leaves it to the repeat, which counts nothing and suggests again.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from conversations.activity import Activity
from conversations.caller import Caller
from conversations.errors import ConversationNotFound, Fault, InvalidInput
from conversations.repository import activity as store
from conversations.repository import conversations
from conversations.repository.database import Document
from conversations.repository.queries import visible
from conversations.services.change import change_all, change_conversation
from conversations.states import Action, Status

FARTHEST_AHEAD = timedelta(hours=24)  # what the clocks of others may be wrong by


def record_activity(*, activity: Activity, caller: Caller, now: datetime) -> Document:
    """Count an activity of anybody's conversation, in one write; return its metadata after it.

    Raises InvalidInput if it lies too far ahead, ConversationNotFound if no such conversation (of
    the owner that the activity names) is visible, and TooContended for a suggested title.
    """
    _check_moments([(("occurred_at",), activity.occurred_at)], now=now)
    found = store.count(activity=activity, now=now) or store.find_state(activity)
    state = _if_meant(found, activity, now=now)
    if state is None:
        raise ConversationNotFound
    _suggest_title(activity, state, caller=caller, now=now)
    metadata: Document = state["metadata"]
    return metadata


def record_activities(
    *, activities: Sequence[Activity], caller: Caller, now: datetime
) -> list[Document | None]:
    """Count activities, all in one write, and suggest their titles; return the metadata of each.

    It is as after all of them, and None where record_activity would raise ConversationNotFound.
    Raises InvalidInput, with nothing counted, if any lies too far ahead; and TooContended.
    """
    _check_moments(
        [(("items", i, "occurred_at"), each.occurred_at) for i, each in enumerate(activities)],
        now=now,
    )
    store.count_all(activities=activities, now=now)
    states = store.find_states({each.conversation_id for each in activities})
    meant = [_if_meant(states.get(each.conversation_id), each, now=now) for each in activities]
    _suggest_titles(zip(activities, meant, strict=True), caller=caller, now=now)
    return [None if state is None else state["metadata"] for state in meant]


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


def _if_meant(state: Document | None, activity: Activity, *, now: datetime) -> Document | None:
    """Return the state if the conversation is visible, and its owner's whom the activity names."""
    if state is None or not visible(state, now=now):
        return None
    return state if activity.user_id in (None, state["user_id"]) else None


def _suggest_titles(
    counted: Iterable[tuple[Activity, Document | None]], *, caller: Caller, now: datetime
) -> None:
    """Suggest to each conversation its latest title, to all of them in one write.

    `counted` has activities with their conversations' states after the counting, or None.
    """
    suggesting = [
        (activity, state)
        for activity, state in counted
        if state is not None and activity.suggested_title is not None
    ]
    suggesting.sort(key=lambda each: each[0].occurred_at)
    latest = {state["_id"]: (activity, state) for activity, state in suggesting}
    applying = [key for key, (activity, state) in latest.items() if _titled(state, activity)]
    if not applying:
        return
    left = change_all(
        documents=[each for each in conversations.find_all(applying) if visible(each, now=now)],
        action=Action.UPDATE,
        compute=lambda document: _titled(document, latest[document["_id"]][0]),
        caller=caller,
        now=now,
    )
    for key in left:
        _suggest_title(*latest[key], caller=caller, now=now)


def _suggest_title(activity: Activity, state: Document, *, caller: Caller, now: datetime) -> None:
    if not _titled(state, activity):
        return
    with suppress(ConversationNotFound):  # purged since the counting
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
