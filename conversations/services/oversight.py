"""What operators see of everybody's conversations, and the record of what they have seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId

from conversations.oddity import odd_field
from conversations.repository import content_views, everyone
from conversations.repository.everyone import Selection
from conversations.repository.time_limits import reading_at_most
from conversations.services.read import LIST_TIME_LIMIT
from integrations.resilience.deadline import Deadline


class Occasion(StrEnum):
    """How content came to be seen."""

    LIST = "list"  # title
    PAGE = "page"  # title, tags, settings, and what the events of its history say of them
    EXPORT = "export"  # the same, taken away


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What there is of some conversations, the newest first.

    `sound`: those that a caller could see. `odd`: documents that are not as this service writes
    them, each with its id as text and a field that is amiss.
    """

    sound: list[ObjectId]
    odd: list[tuple[str, str]]


def newest_conversations(
    selection: Selection, *, skip: int, limit: int, deadline: Deadline, now: datetime
) -> list[Any]:
    """Return the ids of a page of everybody's, to be examined; raises QueryTooBroad."""
    with reading_at_most(LIST_TIME_LIMIT, deadline=deadline):
        return everyone.newest(selection, skip=skip, limit=limit, now=now)


def examine(ids: Sequence[Any], *, now: datetime) -> Examined:
    """Return which of these can be shown; what no caller could see is in neither list."""
    sound: list[ObjectId] = []
    odd: list[tuple[str, str]] = []
    for document in everyone.read_all(ids) if ids else ():
        if not everyone.not_hidden(document, now=now):
            continue
        field = odd_field(document)
        if field is None:
            sound.append(document["_id"])
        else:
            odd.append((str(document["_id"]), field))
    return Examined(sound=sound, odd=odd)


def record_view(
    *, conversation_ids: Sequence[ObjectId], actor: str, occasion: Occasion, now: datetime
) -> None:
    """Record that `actor` is about to see content. To be called before it is shown.

    Raises PyMongoError where it cannot be recorded: nothing may be shown then.
    """
    if conversation_ids:
        content_views.insert(
            conversation_ids=conversation_ids, actor=actor, occasion=occasion.value, now=now
        )
