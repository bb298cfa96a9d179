"""What operators see of everybody's conversations, and the record of what they have seen."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from bson import ObjectId

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


def newest_conversations(
    selection: Selection, *, skip: int, limit: int, deadline: Deadline, now: datetime
) -> list[ObjectId]:
    """Return the ids of a page of everybody's conversations; raises QueryTooBroad."""
    with reading_at_most(LIST_TIME_LIMIT, deadline=deadline):
        return everyone.newest(selection, skip=skip, limit=limit, now=now)


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
