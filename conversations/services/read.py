"""Reading conversations: one, or a page of a list."""

from datetime import datetime

from bson import ObjectId

from conversations.caller import Caller
from conversations.errors import ConversationNotFound, NotTheOwner
from conversations.repository import conversations, listing
from conversations.repository.database import Document
from conversations.repository.listing import Position, Slice
from conversations.repository.queries import Filters, Ordering, visible
from conversations.repository.time_limits import reading_at_most

LIST_TIME_LIMIT = 10.0  # seconds the database may spend on one page


def get_conversation(
    *, conversation_id: ObjectId, caller: Caller, now: datetime, with_pending_events: bool = False
) -> Document:
    """Return the owner's conversation, in one find.

    Raises NotTheOwner if it is someone else's, ConversationNotFound if no one can see it.
    """
    document = conversations.find(
        conversation_id=conversation_id,
        user_id=caller.owner,
        with_pending_events=with_pending_events,
    )
    if document is None:
        raise _why_missing(conversation_id, now)
    if not visible(document, now=now):
        raise ConversationNotFound
    return document


def _why_missing(conversation_id: ObjectId, now: datetime) -> Exception:
    other = conversations.find_ownership(conversation_id=conversation_id)
    if other is not None and visible(other, now=now):
        return NotTheOwner()
    return ConversationNotFound()


def list_by_position(
    *,
    filters: Filters,
    ordering: Ordering,
    position: Position | None,
    limit: int,
    full: bool,
    caller: Caller,
    now: datetime,
) -> Slice:
    """Return the rows from `position` on; raises QueryTooBroad past the time limit."""
    with reading_at_most(LIST_TIME_LIMIT, deadline=caller.deadline):
        return listing.read_slice(
            filters=filters,
            ordering=ordering,
            position=position,
            limit=limit,
            full=full,
            now=now,
        )


def list_by_offset(
    *,
    filters: Filters,
    ordering: Ordering,
    offset: int,
    limit: int,
    full: bool,
    caller: Caller,
    now: datetime,
) -> tuple[list[Document], int]:
    """Return the rows from `offset` on and the count of all; raises QueryTooBroad."""
    with reading_at_most(LIST_TIME_LIMIT, deadline=caller.deadline):
        return listing.read_offset(
            filters=filters,
            ordering=ordering,
            offset=offset,
            limit=limit,
            full=full,
            now=now,
        )
