"""Pages of events: their cursors, and how they look.

A place in a history is a sequence, a place in a feed one position for each of its partitions;
what callers get of either is sealed, and bound to the caller and to whose events they are.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from bson import ObjectId
from django.http import QueryDict

from conversations.api.cursors import seal_place, unseal_place
from conversations.api.pagination import cursor_page, page_link
from conversations.services.feed import Feed, FeedPage, position_after
from conversations.services.history import HistoryPage, Place

DEFAULT_FEED_LIMIT, MAX_FEED_LIMIT = 100, 500

_EVENT_ID = re.compile(r"[0-9a-f]{32}\Z")  # shorter than any cursor


def read_place(query: QueryDict, *, scope: bytes) -> Place | None:
    """Return where the page of a history begins, None for the newest; raises InvalidInput."""
    cursor = query.get("cursor")
    if cursor is None:
        return None
    sequence, newer = unseal_place(cursor, scope=scope)
    return Place(sequence=sequence, newer=newer)


def history_scope(*, conversation_id: ObjectId, actor: str) -> bytes:
    """Return what the cursors of a history are bound to."""
    return orjson.dumps(["history", actor, str(conversation_id)])


def history_body(page: HistoryPage, *, scope: bytes, path: str, query: QueryDict) -> dict[str, Any]:
    """Return a page of a history as the API shows it."""

    def cursor(place: Place | None) -> str | None:
        return None if place is None else seal_place([place.sequence, place.newer], scope=scope)

    return cursor_page(
        page.events,
        next_cursor=cursor(page.older),
        previous_cursor=cursor(page.newer),
        link=partial(page_link, path=path, query=query),
    )


def read_after(query: QueryDict, *, feed: Feed, scope: bytes) -> Sequence[int] | None:
    """Return the positions that `after` stands for, None for the oldest events that are kept.

    It may be an event_id where one user's feed is read. Raises InvalidInput, FeedPositionExpired.
    """
    after = query.get("after")
    if after is None:
        return None
    if feed.owner is not None and _EVENT_ID.match(after):
        return position_after(event_id=after, owner=feed.owner)
    return unseal_place(after, scope=scope, parameter="after")


def feed_scope(*, feed: Feed, actor: str) -> bytes:
    """Return what the cursors of a feed are bound to."""
    return orjson.dumps(["feed", actor, feed.owner])


def feed_body(page: FeedPage, *, scope: bytes, path: str, query: QueryDict) -> dict[str, Any]:
    """Return a page of a feed as the API shows it: one can always go on from it later."""
    next_cursor = seal_place(page.after, scope=scope)
    return {
        "results": page.events,
        "next": page_link(path=path, query=query, after=next_cursor) if page.full else None,
        "previous": None,
        "next_cursor": next_cursor,
        "previous_cursor": None,
        "count": None,
    }
