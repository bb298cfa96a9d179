"""Walking a list by cursor, forward and back, whatever the filters and however many ties."""

import random
import string
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from conversations.document import new_document
from conversations.repository.database import Document, collection
from conversations.rules import fold
from tests.client import ApiClient
from tests.meanwhile import meanwhile

ROWS = 120
START = datetime(2026, 1, 1)  # noqa: DTZ001  # UTC without an offset, as in documents
FIELDS: dict[str, Callable[[Document], Any]] = {
    "last_activity": lambda row: row["metadata"]["last_activity"],
    "created_at": lambda row: row["created_at"],
    "title": lambda row: fold(row["title"]),
}


def _row(user_id: str, chance: random.Random) -> Document:
    created, active = (START + timedelta(minutes=chance.randrange(4)) for _ in range(2))
    row = new_document(
        user_id=user_id,
        character_id=chance.choice(["ada", "borges"]),
        character={"name": "Ada", "avatar_url": None},
        title=chance.choice(["Same", "same", "Sàme", "Other", "other thing"]),
        title_source="user",
        tags=chance.sample(["a", "b", "c"], chance.randrange(3)),
        settings={},
        pinned=chance.random() < 0.5,
        expires_at=START if chance.random() < 0.1 else None,
        now=created,
    )
    row["metadata"]["last_activity"] = active
    row["status"] = chance.choice(["active", "active", "archived", "deleted", "purged"])
    return row


@pytest.fixture(scope="module")
def rows(database: None) -> list[Document]:
    """One user's conversations, with many equal timestamps and titles, some expired or purged."""
    chance = random.Random(7)
    user_id = f"walker-{uuid.uuid4().hex[:8]}"
    rows = [_row(user_id, chance) for _ in range(ROWS)]
    collection("conversations").insert_many([dict(row) for row in rows])
    return rows


CHOICES: dict[str, list[Any]] = {
    "status": ["active", "archived", "deleted", "all"],
    "character_id": ["ada", "borges"],
    "tag": [["a"], ["b"], ["a", "b"]],
    "pinned": ["true", "false"],
    "q": ["SAM", "other", "thing oth", "zzz"],
    "active_after": ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"],
    "created_before": ["2026-01-01T00:03:00Z", "2026-01-01T00:02:00Z"],
}
ORDERINGS = [f"{sign}{field}" for field in FIELDS for sign in ("", "-")]
LIMITS = [1, 2, 3, 7, 20, 100]
EXAMPLES = 40


def _query(chance: random.Random) -> dict[str, Any]:
    """Return random filters: a few of them, for more would leave no rows to walk over."""
    names = chance.sample(list(CHOICES), chance.choice([0, 0, 1, 1, 2, 3]))
    return {name: chance.choice(CHOICES[name]) for name in names}


def _expected(rows: list[Document], query: dict[str, Any], ordering: str) -> list[str]:
    """Return the reference: filter and sort in Python."""
    statuses = {"all": {"active", "archived", "deleted"}}
    status = query.get("status", "active")
    kept = [
        row
        for row in rows
        if row["status"] in statuses.get(status, {status})
        and row["expires_at"] is None
        and query.get("character_id") in (None, row["character_id"])
        and set(query.get("tag", [])) <= set(row["tags"])
        and query.get("pinned") in (None, str(row["pinned"]).lower())
        and all(
            any(word.startswith(fold(part)) for word in [*fold(row["title"]).split(), "ada"])
            for part in query.get("q", "").split()
        )
        and row["metadata"]["last_activity"] >= _moment(query.get("active_after"), START)
        and row["created_at"] < _moment(query.get("created_before"), START + timedelta(days=1))
    ]
    key = FIELDS[ordering.lstrip("-")]
    kept.sort(key=lambda row: (key(row), row["_id"]), reverse=ordering.startswith("-"))
    return [str(row["_id"]) for row in kept]


def _moment(text: str | None, otherwise: datetime) -> datetime:
    return otherwise if text is None else datetime.fromisoformat(text).replace(tzinfo=None)


def _walk(api: ApiClient, query: str, cursor: str | None, towards: str) -> Iterator[dict[str, Any]]:
    """Yield the pages from a cursor on, `towards` next or previous."""
    for _ in range(ROWS + 2):
        address = f"/conversations{query}" + (f"&cursor={cursor}" if cursor else "")
        answer = api.get(address)
        assert answer.status == 200, answer.content
        page = answer.json
        yield page
        cursor = page[f"{towards}_cursor"]
        if cursor is None:
            return
    pytest.fail("the walk does not end")


def _ids(page: dict[str, Any]) -> list[str]:
    return [row["id"] for row in page["results"]]


def _others_changing(client_of: Callable[..., ApiClient]) -> AbstractContextManager[None]:
    """Let two other users create, change and delete conversations all the while."""

    def change(api: ApiClient) -> None:
        created = api.create(title="Same", tags=["a"])
        api.patch(created["id"], {"pinned": True})
        api.delete(created["id"])

    others = [client_of(f"busy-{uuid.uuid4().hex[:8]}") for _ in range(2)]
    return meanwhile(*[partial(change, other) for other in others], pause=0.01)


def test_it_walks_forward_and_back_in_exactly_the_reference_order(
    rows: list[Document], client_of: Callable[..., ApiClient]
) -> None:
    """Nothing twice, nothing missing, for random filters, orderings and limits."""
    api = client_of(rows[0]["user_id"])

    seed = random.randrange(10**6)
    chance = random.Random(seed)
    with _others_changing(client_of):
        for _ in range(EXAMPLES):
            query, ordering = _query(chance), chance.choice(ORDERINGS)
            expected = _expected(rows, query, ordering)
            # Every page is a query: tiny steps over a long list show nothing that 20 do not.
            limit = max(chance.choice(LIMITS), len(expected) // 20)
            example = f"seed {seed}: {query} by {ordering}, {limit} a page"
            _assert_walks(api, _text(query, ordering, limit), expected, limit, example)


def _text(query: dict[str, Any], ordering: str, limit: int) -> str:
    parameters = {"ordering": ordering, "limit": limit, **query}
    return "?" + urlencode(parameters, doseq=True)


def _assert_walks(
    api: ApiClient, query: str, expected: list[str], limit: int, example: str
) -> None:
    forward = list(_walk(api, query, None, "next"))
    assert [row_id for page in forward for row_id in _ids(page)] == expected, example
    assert all(len(page["results"]) == limit for page in forward[:-1]), example
    cursor = forward[-1]["previous_cursor"]
    if cursor is None:
        assert len(forward) == 1, example
        return
    back = list(_walk(api, query, cursor, "previous"))
    seen = [row_id for page in reversed(back) for row_id in _ids(page)]
    assert seen + _ids(forward[-1]) == expected, example


@pytest.mark.parametrize("ordering", ["-last_activity", "created_at", "title", "-title"])
def test_it_crosses_ties_that_fill_many_pages(
    api: ApiClient, database: None, ordering: str
) -> None:
    """All rows alike: order is by id alone, in both directions."""
    chance = random.Random(1)
    rows = []
    for _ in range(25):
        row = _row(api.user_id, chance)
        row.update(status="active", expires_at=None, title="T", title_sort="t", created_at=START)
        row["metadata"]["last_activity"] = START
        rows.append(row)
    collection("conversations").insert_many(rows)
    expected = sorted((str(row["_id"]) for row in rows), reverse=ordering.startswith("-"))
    for limit in (1, 4, 24, 25):
        pages = list(_walk(api, f"?ordering={ordering}&limit={limit}", None, "next"))
        assert [row_id for page in pages for row_id in _ids(page)] == expected


def test_it_refuses_a_cursor_with_any_altered_character(api: ApiClient) -> None:
    """Every single altered byte gives 400, aliases of base64 included."""
    for number in range(3):
        api.create(title=f"t{number}")
    cursor = api.get("/conversations?limit=1").json["next_cursor"]
    assert api.get(f"/conversations?limit=1&cursor={cursor}").status == 200
    chance = random.Random(3)
    alphabet = string.ascii_letters + string.digits + "-_"
    for place in range(len(cursor)):
        last = place == len(cursor) - 1
        others = [char for char in alphabet if char != cursor[place]]
        for char in others if last else chance.sample(others, 3):
            altered = f"{cursor[:place]}{char}{cursor[place + 1 :]}"
            answer = api.get(f"/conversations?limit=1&cursor={altered}")
            assert (answer.status, answer.faults) == (400, {"cursor": "invalid_cursor"})
    for altered in (cursor[:-1], cursor + "A", cursor + "=", cursor[1:], "A" + cursor):
        assert api.get(f"/conversations?limit=1&cursor={altered}").status == 400


def test_it_refuses_the_cursor_of_another_list(
    api: ApiClient, other: ApiClient, admin: ApiClient
) -> None:
    """Bound to the caller, the owner, the filters and the ordering; limit and view may change."""
    for number in range(3):
        api.create(title=f"t{number}")
        other.create(title=f"t{number}")
    cursor = api.get("/conversations?limit=1").json["next_cursor"]
    for query in ("&ordering=title", "&status=all", "&pinned=false", "&q=t"):
        assert api.get(f"/conversations?limit=1&cursor={cursor}{query}").status == 400
    assert other.get(f"/conversations?limit=1&cursor={cursor}").status == 400
    assert admin.get(f"/conversations?cursor={cursor}&user_id={api.user_id}").status == 400
    assert api.get(f"/conversations?limit=2&view=full&cursor={cursor}").status == 200


def test_it_leads_back_from_beyond_the_end(api: ApiClient) -> None:
    """When the rest of a list has gone, the way back still shows every row before."""
    created = [api.create(title=f"t{number}") for number in range(4)]
    page = api.get("/conversations?limit=2&ordering=title").json
    for gone in created[2:]:
        api.delete(gone["id"])
    empty = api.get(f"/conversations?limit=2&ordering=title&cursor={page['next_cursor']}").json
    assert (empty["results"], empty["next_cursor"]) == ([], None)
    back = f"/conversations?limit=2&ordering=title&cursor={empty['previous_cursor']}"
    assert [row["title"] for row in api.get(back).json["results"]] == ["t0", "t1"]
