"""Pages of a list: by position (keyset) and by offset."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from conversations.repository.conversations import WITHOUT_INTERNALS
from conversations.repository.database import Document, collection
from conversations.repository.indexes import CONVERSATIONS
from conversations.repository.queries import (
    Filters,
    Ordering,
    SortField,
    matching,
    unexpired,
    visible,
)

_EARLIEST = datetime(1, 1, 1)  # noqa: DTZ001  # UTC, as in documents
LIGHT = {**WITHOUT_INTERNALS, "settings": 0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place in an ordering: just after a row, or, with `inclusive`, just before it.

    `value` is the row's sort value. Reading goes on from there, or, with `backward`, back.
    """

    value: Any
    row_id: ObjectId
    backward: bool = False
    inclusive: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Rows in the list's order, and whether more lie beyond in the direction of reading."""

    rows: list[Document]
    more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """One direction through one ordering of the rows of a collection that match."""

    query: Document
    field: str
    ascending: bool
    projection: Mapping[str, int]
    source: str = CONVERSATIONS

    def slice(
        self,
        position: Position | None,
        *,
        limit: int,
        shown: Callable[[Document], bool] = lambda _row: True,
    ) -> Slice:
        """Return up to `limit` of the rows to be shown from `position` on, or from the beginning.

        One find, but for ties that fill a page and for rows that are not to be shown.
        """
        kept: list[Document] = []
        for row in _rows(self, position=position, wanted=limit + 1):
            if shown(row):
                kept.append(row)
            if len(kept) > limit:
                break
        rows = kept[:limit]
        backward = position is not None and position.backward
        return Slice(rows=rows[::-1] if backward else rows, more=len(kept) > limit)

    def read(self, bounds: Document, *, limit: int) -> list[Document]:
        """Return the first rows within further bounds, in the direction of the walk."""
        direction = 1 if self.ascending else -1
        cursor = collection(self.source).find(
            self._narrowed(bounds),
            self.projection,
            sort=[(self.field, direction), ("_id", direction)],
            limit=limit,
            batch_size=limit,  # all rows in the first answer, however many
        )
        return list(cursor)

    def _narrowed(self, bounds: Document) -> Document:
        query = {**self.query, **bounds}
        filtered, bound = self.query.get(self.field), bounds.get(self.field)
        if isinstance(filtered, dict) and bound is not None:
            query[self.field] = {
                **filtered,
                **(bound if isinstance(bound, dict) else {"$eq": bound}),
            }
        return query

    def beginning(self, *, limit: int) -> tuple[list[Document], bool]:
        """Return the first rows, and whether they are the last.

        An imported row, not migrated yet, may have no sort value, or one of another type, which
        sorts below all others, and from which no range goes on. Where such rows fill the page they
        are left out by a range of the right type.
        """
        rows = self.read({}, limit=limit)
        lowest = "" if self.field == SortField.TITLE.value else _EARLIEST
        if len(rows) == limit and not _has_sort_value(rows[-1], self.field, like=lowest):
            rows = self.read({self.field: {"$gte": lowest}}, limit=limit)
        return rows, len(rows) < limit

    def after(self, position: Position, *, limit: int) -> tuple[list[Document], bool]:
        """Return up to about `limit` rows beyond `position`, and whether they are the last.

        One range query that any server's index serves; its first rows may be ones already sent,
        which are dropped here. Only when those fill it are the ties asked for by themselves.
        """
        rows = self.read({self.field: self._from(position.value)}, limit=limit + 1)
        fresh = [row for row in rows if self._is_beyond(row, position)]
        if fresh or len(rows) <= limit:
            return fresh, len(rows) <= limit
        beyond = "$gt" if self.ascending else "$lt"
        ties_from = f"{beyond}e" if position.inclusive else beyond
        ties = self.read(
            {self.field: position.value, "_id": {ties_from: position.row_id}}, limit=limit
        )
        if len(ties) == limit:
            return ties, False
        rest = self.read({self.field: {beyond: position.value}}, limit=limit - len(ties))
        return ties + rest, len(ties) + len(rest) < limit

    def _from(self, value: Any) -> Document:
        """Return the range from `value` on, itself included.

        Downwards it is written as "below the next value": the embedded servers leave the equal
        ones out of `$lte` where the index goes on after the field.
        """
        return {"$gte": value} if self.ascending else {"$lt": next_value(value)}

    def _is_beyond(self, row: Document, position: Position) -> bool:
        value, row_id = sort_value(row, self.field), row["_id"]
        if value != position.value:
            return True
        if row_id == position.row_id:
            return position.inclusive
        return bool((row_id > position.row_id) == self.ascending)


def next_value(value: datetime | str) -> datetime | str:
    """Return the smallest stored value above this one: datetimes are stored in milliseconds."""
    return value + "\0" if isinstance(value, str) else value + timedelta(milliseconds=1)


def sort_value(row: Document, field: str) -> Any:
    """Return a row's value of a possibly dotted field."""
    value: Any = row
    for name in field.split("."):
        value = value[name]
    return value


def _has_sort_value(row: Document, field: str, *, like: datetime | str) -> bool:
    try:
        return isinstance(sort_value(row, field), type(like))
    except (KeyError, TypeError):
        return False


def read_slice(
    *,
    filters: Filters,
    ordering: Ordering,
    position: Position | None,
    limit: int,
    full: bool,
    now: datetime,
) -> Slice:
    """Return up to `limit` visible rows from `position` on, or from the beginning."""
    backward = position is not None and position.backward
    walk = Walk(
        query=matching(filters),
        field=ordering.field.value,
        ascending=ordering.descending == backward,
        projection=WITHOUT_INTERNALS if full else LIGHT,
    )
    return walk.slice(position, limit=limit, shown=lambda row: visible(row, now=now))


def _rows(walk: Walk, *, position: Position | None, wanted: int) -> Iterator[Document]:
    if position is None:
        rows, last = walk.beginning(limit=wanted)
    else:
        rows, last = walk.after(position, limit=wanted)
    while True:
        yield from rows
        if last:
            return
        end = rows[-1]
        position = Position(value=sort_value(end, walk.field), row_id=end["_id"])
        rows, last = walk.after(position, limit=wanted)


def read_offset(
    *,
    filters: Filters,
    ordering: Ordering,
    offset: int,
    limit: int,
    full: bool,
    now: datetime,
) -> tuple[list[Document], int]:
    """Return the visible rows from `offset` on, up to `limit`, and how many there are in all."""
    query = {**matching(filters), **unexpired(now)}
    direction = -1 if ordering.descending else 1
    count = collection(CONVERSATIONS).count_documents(query)
    cursor = collection(CONVERSATIONS).find(
        query,
        WITHOUT_INTERNALS if full else LIGHT,
        sort=[(ordering.field.value, direction), ("_id", direction)],
        skip=offset,
        limit=limit,
    )
    return list(cursor), count
