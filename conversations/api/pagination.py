"""The two ways through a list: by cursor, and by offset. A third has the same interface."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
from django.conf import settings
from django.http import QueryDict

from conversations.api.cursors import seal, unseal
from conversations.api.parameters import one_of, read, whole_number
from conversations.caller import Caller
from conversations.repository.listing import Position, Slice, sort_value
from conversations.repository.queries import Filters, Ordering, SortField
from conversations.representation import represent, represent_row
from conversations.services.read import list_by_offset, list_by_position

DEFAULT_LIMIT, MAX_LIMIT, MAX_OFFSET = 20, 100, 10_000
DEFAULT_ORDERING = "-last_activity"
ORDERINGS = {
    f"{sign}{field.name.lower()}": Ordering(field=field, descending=bool(sign))
    for field in SortField
    for sign in ("", "-")
}
COMMON_PARAMETERS = frozenset({"limit", "ordering", "view", "pagination"})

_limit = whole_number(lowest=1, highest=MAX_LIMIT)
_offset = whole_number(lowest=0, highest=MAX_OFFSET)
_ordering = one_of(ORDERINGS)
_full = one_of({"light": False, "full": True})


@dataclass(frozen=True, kw_only=True, slots=True)
class ListRequest:
    """One request for a page. `path` and `query` are what links to other pages are made of."""

    path: str
    query: QueryDict
    filters: Filters
    caller: Caller
    now: datetime
    limit: int
    ordering: Ordering
    full: bool

    @classmethod
    def read(
        cls, *, path: str, query: QueryDict, filters: Filters, caller: Caller, now: datetime
    ) -> "ListRequest":
        """Read what both strategies share; raises InvalidInput."""
        return cls(
            path=path,
            query=query,
            filters=filters,
            caller=caller,
            now=now,
            limit=read(query, "limit", _limit, default=DEFAULT_LIMIT),
            ordering=read(query, "ordering", _ordering, default=ORDERINGS[DEFAULT_ORDERING]),
            full=read(query, "view", _full, default=False),
        )

    @property
    def represent(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Return the function that represents a row."""
        return represent if self.full else represent_row

    def link(self, **changes: str) -> str:
        """Return the absolute URL of another page of this list."""
        return page_link(path=self.path, query=self.query, **changes)


def page_link(*, path: str, query: QueryDict, **changes: str) -> str:
    """Return the absolute URL of another page: this one's, with some parameters changed."""
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = value
    return f"{settings.CONFIG.base_url}{path}?{changed.urlencode()}"


class PaginationStrategy(Protocol):
    """A way through a list."""

    parameters: frozenset[str]
    """The query parameters of its own."""

    def page(self, wanted: ListRequest) -> dict[str, Any]:
        """Return the page as the API shows it; raises InvalidInput, QueryTooBroad."""


class CursorPagination:
    """Keyset pagination: exact under concurrent changes, equally fast on every page."""

    parameters = frozenset({"cursor"})

    def page(self, wanted: ListRequest) -> dict[str, Any]:
        """Return the page that the cursor leads to, or the first."""
        scope = _scope(wanted)
        cursor = wanted.query.get("cursor")
        position = None if cursor is None else unseal(cursor, scope=scope)
        rows = list_by_position(
            filters=wanted.filters,
            ordering=wanted.ordering,
            position=position,
            limit=wanted.limit,
            full=wanted.full,
            caller=wanted.caller,
            now=wanted.now,
        )
        return page_body(
            rows,
            position=position,
            field=wanted.ordering.field.value,
            scope=scope,
            represent=wanted.represent,
            link=wanted.link,
        )


def page_body(
    rows: Slice,
    *,
    position: Position | None,
    field: str,
    scope: bytes,
    represent: Callable[[dict[str, Any]], dict[str, Any]],
    link: Callable[..., str],
) -> dict[str, Any]:
    """Return a page of a list ordered by `field`; `link` makes a URL of a changed query."""
    before, after = _neighbours(rows, position, field=field)
    return cursor_page(
        [represent(row) for row in rows.rows],
        next_cursor=None if after is None else seal(after, scope=scope),
        previous_cursor=None if before is None else seal(before, scope=scope),
        link=link,
    )


def cursor_page(
    results: Sequence[Any],
    *,
    next_cursor: str | None,
    previous_cursor: str | None,
    link: Callable[..., str],
) -> dict[str, Any]:
    """Return a page that has neighbours by cursor; `link` makes a URL of a changed query."""
    return {
        "results": results,
        "next": next_cursor and link(cursor=next_cursor),
        "previous": previous_cursor and link(cursor=previous_cursor),
        "next_cursor": next_cursor,
        "previous_cursor": previous_cursor,
        "count": None,
    }


def _scope(wanted: ListRequest) -> bytes:
    """Return what a cursor is bound to; limit and view may change on the way."""
    ordering = wanted.ordering
    return orjson.dumps(
        [wanted.caller.actor, wanted.filters, ordering.field.value, ordering.descending]
    )


def _neighbours(
    rows: Slice, position: Position | None, *, field: str
) -> tuple[Position | None, Position | None]:
    """Return where the pages before and after begin, None where there is none."""
    backward = position is not None and position.backward
    has_before = rows.more if backward else position is not None
    has_after = True if backward else rows.more
    if rows.rows:
        first, last = rows.rows[0], rows.rows[-1]
        before = Position(value=sort_value(first, field), row_id=first["_id"], backward=True)
        after = Position(value=sort_value(last, field), row_id=last["_id"])
        return before if has_before else None, after if has_after else None
    if position is None:
        return None, None
    # Nothing lies beyond: the way back starts at the row that this position stood at.
    turned = Position(
        value=position.value,
        row_id=position.row_id,
        backward=not backward,
        inclusive=not position.inclusive,
    )
    return (None, turned) if backward else (turned, None)


class OffsetPagination:
    """Numbered pages with a count, for the first 10,000 rows."""

    parameters = frozenset({"offset"})

    def page(self, wanted: ListRequest) -> dict[str, Any]:
        """Return the page from the offset on."""
        offset = read(wanted.query, "offset", _offset, default=0)
        rows, count = list_by_offset(
            filters=wanted.filters,
            ordering=wanted.ordering,
            offset=offset,
            limit=wanted.limit,
            full=wanted.full,
            caller=wanted.caller,
            now=wanted.now,
        )
        after, before = offset + wanted.limit, max(0, offset - wanted.limit)
        has_after = after < count and after <= MAX_OFFSET
        return {
            "results": [wanted.represent(row) for row in rows],
            "next": wanted.link(offset=str(after)) if has_after else None,
            "previous": wanted.link(offset=str(before)) if offset else None,
            "next_cursor": None,
            "previous_cursor": None,
            "count": count,
        }


STRATEGIES: dict[str, PaginationStrategy] = {
    "cursor": CursorPagination(),
    "offset": OffsetPagination(),
}
_strategy = one_of(STRATEGIES)


def strategy_of(query: QueryDict) -> PaginationStrategy:
    """Return the strategy that the query asks for; raises InvalidInput."""
    return read(query, "pagination", _strategy, default=STRATEGIES["cursor"])
