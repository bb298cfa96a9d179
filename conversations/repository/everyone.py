"""Everybody's conversations together, for operators: the newest first, and counts.

An id begins with the second of its conversation's creation, so bounds of time are bounds of `_id`,
and every index that ends in `_id` serves them, and the order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any

from bson import ObjectId

from conversations.repository.conversations import WITHOUT_INTERNALS
from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS
from conversations.repository.queries import beginning, visible
from conversations.repository.rewriting import FIRST_ID, tolerant
from conversations.states import LISTED, Status

# The embedded servers read and sort all that matches, however few are asked for. So the newest are
# looked for in growing stretches of time; for other servers the first ones cost next to nothing.
STRETCHES = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=30))
_SHOWN = {"status": 1, "expires_at": 1, "partition": 1}


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which conversations are meant; what is None, or empty, does not narrow.

    With `conversation_id` nothing else counts.
    `words` are folded, and each must begin a word of title, tags or character name. The
    creation's bounds are whole seconds: `created_from` inclusive, `created_before` exclusive. A tag
    and words count only with `user_id`.
    """

    conversation_id: ObjectId | None = None
    user_id: str | None = None
    status: Status | None = None
    character_id: str | None = None
    tag: str | None = None
    words: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None


def newest(selection: Selection, *, skip: int, limit: int, now: datetime) -> list[Any]:
    """Return up to `limit` ids of what is `not_hidden`, after `skip` others.

    Those that are no ObjectIds, and so have no time, come last.
    """
    found: list[Any] = []
    for start in _starts(selection, now=now):
        ids = _ids(selection, start=start, now=now)
        found = list(islice(ids, skip, skip + limit))
        if len(found) == limit:
            break
    return found


def read_all(ids: Sequence[Any]) -> list[Document]:
    """Return the documents that there are of these, whatever they are, the newest first."""
    found = tolerant(CONVERSATIONS).find(
        {"_id": {"$in": list(ids)}},
        WITHOUT_INTERNALS,
        sort=[("_id", -1)],
        batch_size=len(ids) + 1,  # all in the first answer
    )
    return list(found)


def not_hidden(document: Document, *, now: datetime) -> bool:
    """Whether a caller could see it, or it is too odd to tell: operators shall hear of that."""
    if not isinstance(document["_id"], ObjectId):
        return True
    try:
        return visible(document, now=now)
    except (KeyError, TypeError):
        return True


def count_created(*, start: datetime, end: datetime) -> int:
    """Return how many conversations that are not purged were created in [start, end)."""
    within = _between(start, end)
    return sum(
        collection(CONVERSATIONS).count_documents({"status": status.value, "_id": within})
        for status in LISTED
    )


def count_with_status(status: Status) -> int:
    """Return how many conversations have this status, expired ones that wait for a sweep too."""
    return collection(CONVERSATIONS).count_documents({"status": status.value})


def characters_since(start: datetime, *, limit: int) -> list[tuple[str, int]]:
    """Return the characters of most active conversations created since `start`, with numbers."""
    rows = collection(CONVERSATIONS).aggregate(
        [
            {"$match": {"status": Status.ACTIVE.value, "_id": _between(start, None)}},
            {"$group": {"_id": "$character_id", "number": {"$sum": 1}}},
            {"$sort": {"number": -1, "_id": 1}},
            {"$limit": limit},
        ]
    )
    return [(str(row["_id"]), row["number"]) for row in rows]


def _starts(selection: Selection, *, now: datetime) -> list[datetime | None]:
    """Return where to begin, one after the other, until enough is found."""
    earliest = selection.created_from
    if selection.user_id is not None or selection.conversation_id is not None:
        return [earliest]
    starts = [now - stretch for stretch in STRETCHES]
    return [start for start in starts if earliest is None or start > earliest] + [earliest]


def _ids(selection: Selection, *, start: datetime | None, now: datetime) -> Iterator[Any]:
    bounds: Document = {}
    if start is not None or selection.created_before is not None:
        bounds["_id"] = _between(start, selection.created_before)
    found = [
        tolerant(CONVERSATIONS).find({**bounds, **query}, _SHOWN, sort=[("_id", -1)])
        for query in _queries(selection)
    ]
    for document in merge(*found, key=_place, reverse=True):
        if not_hidden(document, now=now) and selection.status in (None, document.get("status")):
            yield document["_id"]


def _place(document: Document) -> ObjectId:
    """Return what a document is ordered by: ids of other types compare with none, and come last."""
    return document["_id"] if isinstance(document["_id"], ObjectId) else FIRST_ID


def _queries(selection: Selection) -> list[Document]:
    """Return queries whose results together, those of other statuses left out, are what is meant.

    Each names no field but those of one index that ends in `_id`, or reads one user's rows.
    """
    if selection.conversation_id is not None:
        return [{"_id": selection.conversation_id}]
    if selection.user_id is not None:
        return [_of_user(selection)]
    if selection.character_id is not None:
        return [{"character_id": selection.character_id}]
    # Of all statuses one by one: by `_id` alone the embedded servers use no index for a range.
    statuses = LISTED if selection.status is None else (selection.status,)
    return [{"status": status.value} for status in statuses]


def _of_user(selection: Selection) -> Document:
    query: Document = {"user_id": selection.user_id}
    if selection.character_id is not None:
        query["character_id"] = selection.character_id
    if selection.tag is not None:
        query["tags"] = selection.tag
    if selection.words:
        # `$all` for one word too: by a bare pattern the embedded server's index finds nothing.
        query["search_terms"] = {"$all": [beginning(word) for word in selection.words]}
    return query


def _between(start: datetime | None, end: datetime | None) -> Document:
    bounds = {}
    if start is not None:
        bounds["$gte"] = ObjectId.from_datetime(start)
    if end is not None:
        bounds["$lt"] = ObjectId.from_datetime(end)
    return bounds
