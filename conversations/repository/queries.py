"""What a list asks for, as MQL: filters, ordering, the visibility of a conversation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bson.regex import Regex

from conversations.document import is_migrated
from conversations.repository.database import Document
from conversations.repository.indexes import ACTIVITY
from conversations.states import LISTED, Status


class SortField(Enum):
    """What a list can be ordered by; the value is the stored field."""

    LAST_ACTIVITY = ACTIVITY
    CREATED_AT = "created_at"
    TITLE = "title_sort"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordering:
    """A total order: the field, then `_id` in the same direction."""

    field: SortField
    descending: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """The conversations of one owner that a list shows.

    `status` None means all that a caller can see. `words` are folded, and each must begin a word
    of title, tags or character name. `after` bounds are inclusive, `before` bounds exclusive.
    """

    user_id: str
    status: Status | None = Status.ACTIVE
    character_id: str | None = None
    tags: tuple[str, ...] = ()
    pinned: bool | None = None
    words: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    active_after: datetime | None = None
    active_before: datetime | None = None


def matching(filters: Filters) -> Document:
    """Return the filter document: equalities and ranges, in the order of the indexes."""
    query: Document = {"user_id": filters.user_id, "status": _status(filters.status)}
    if filters.tags:
        query["tags"] = _all_of(filters.tags)
    if filters.character_id is not None:
        query["character_id"] = filters.character_id
    if filters.pinned is not None:
        query["pinned"] = filters.pinned
    if filters.words:
        query["search_terms"] = _all_of([beginning(word) for word in filters.words])
    _add_range(query, "created_at", filters.created_after, filters.created_before)
    _add_range(query, ACTIVITY, filters.active_after, filters.active_before)
    return query


def _status(status: Status | None) -> Any:
    return status.value if status else {"$in": [listed.value for listed in LISTED]}


def _all_of(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else {"$all": list(values)}


def beginning(word: str) -> Regex[str]:
    """Return the condition that a string begins with `word`; an index serves it."""
    return Regex("^" + re.escape(word))


def _add_range(
    query: Document, field: str, after: datetime | None, before: datetime | None
) -> None:
    bounds = {}
    if after is not None:
        bounds["$gte"] = after
    if before is not None:
        bounds["$lt"] = before
    if bounds:
        query[field] = bounds


def visible(document: Document, *, now: datetime) -> bool:
    """Whether a caller may know of it: it is migrated, not purged, and not expired."""
    if not is_migrated(document) or document["status"] == Status.PURGED:
        return False
    expires_at: datetime | None = document.get("expires_at")
    return expires_at is None or expires_at > now


def unexpired(now: datetime) -> Document:
    """Return the part of `visible` that a status filter does not cover, for the server to apply.

    `$not` keeps conversations without an expiry. No index serves it, so lists that an index
    serves drop such rows after reading them instead.
    """
    return {"expires_at": {"$not": {"$lte": now}}, "partition": {"$gte": 0}}
