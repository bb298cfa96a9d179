"""What each call costs the database: how many round trips, with which query shapes."""

from collections.abc import Iterator
from typing import Any

import pytest

from conversations.repository.indexes import INDEXES
from tests.client import ApiClient
from tests.commands import CommandRecorder


@pytest.fixture
def conversation(api: ApiClient) -> dict[str, Any]:
    """Create it before recording begins; introspection and character are cached by it."""
    for number in range(3):
        api.create(title=f"t{number}")
    return api.create(tags=["a"], pinned=True)


def test_it_reads_one_by_one_find(
    api: ApiClient, conversation: dict[str, Any], commands: CommandRecorder
) -> None:
    """By id and owner, with a projection."""
    api.read(conversation["id"])
    [find] = commands.sent
    assert list(find["filter"]) == ["_id", "user_id"]
    assert find["projection"] == {"search_terms": 0, "recent_activity": 0, "pending_events": 0}


def test_it_tells_404_from_403_by_a_second_find(
    api: ApiClient, other: ApiClient, conversation: dict[str, Any], commands: CommandRecorder
) -> None:
    """Only a miss asks by id alone, for no more than the ownership."""
    other.get(f"/conversations/{conversation['id']}")
    assert commands.names == ["find", "find"]
    projection = {"user_id", "status", "expires_at", "partition"}
    assert set(commands.sent[1]["projection"]) == projection


def test_it_creates_by_one_insert(
    api: ApiClient, conversation: dict[str, Any], commands: CommandRecorder
) -> None:
    """The event is in the document."""
    api.create()
    assert commands.names == ["insert"]


def test_it_changes_by_one_find_and_one_atomic_write(
    api: ApiClient, conversation: dict[str, Any], commands: CommandRecorder
) -> None:
    """The write is bound to the version read, and sets only what changes."""
    api.patch(conversation["id"], {"title": "New"})
    assert commands.names == ["find", "findAndModify"]
    write = commands.sent[1]
    assert list(write["query"]) == ["_id", "user_id", "version"]
    assert set(write["update"]) == {"$set", "$push", "$min"}
    assert set(write["update"]["$set"]) == {
        "title",
        "title_source",
        "title_sort",
        "search_terms",
        "updated_at",
        "version",
    }


def test_it_changes_nothing_by_one_find(
    api: ApiClient, conversation: dict[str, Any], commands: CommandRecorder
) -> None:
    """What changes nothing writes nothing."""
    api.patch(conversation["id"], {"pinned": True})
    assert commands.names == ["find"]


EXACT = [
    f"?ordering={sign}{field}{narrowing}"
    for sign in ("", "-")
    for field, narrowings in {
        "last_activity": [
            "",
            "&tag=a",
            "&character_id=ada",
            "&pinned=true",
            "&active_after=2020-01-01T00:00:00Z&active_before=2100-01-01T00:00:00Z",
        ],
        "created_at": ["", "&created_after=2020-01-01T00:00:00Z"],
        "title": [""],
    }.items()
    for narrowing in narrowings
]


@pytest.mark.parametrize("status", ["active", "archived", "all"])
@pytest.mark.parametrize("query", EXACT)
def test_it_lists_by_one_find_that_an_index_serves(
    api: ApiClient,
    conversation: dict[str, Any],
    commands: CommandRecorder,
    query: str,
    status: str,
) -> None:
    """Every page, first and later, in both directions: one find, equalities then one range."""
    for page in _pages(api, f"{query}&status={status}&limit=1"):
        [find] = commands.sent
        assert find["limit"] <= 1 + 1 + 1
        assert find["batchSize"] >= find["limit"]
        assert all(not shown for shown in find["projection"].values())
        assert {"settings", "pending_events"} <= find["projection"].keys()
        assert serving(find), f"no declared index serves {find['filter']} by {find['sort']}"
        assert len(page["results"]) <= 1
        commands.forget()


def _pages(api: ApiClient, query: str) -> Iterator[dict[str, Any]]:
    """Yield the first page, the next, and the one back from there."""
    first = api.get(f"/conversations{query}").json
    yield first
    if first["next_cursor"]:
        second = api.get(f"/conversations{query}&cursor={first['next_cursor']}").json
        yield second
        yield api.get(f"/conversations{query}&cursor={second['previous_cursor']}").json


@pytest.mark.parametrize("limit", [20, 100])
def test_it_needs_no_second_batch_for_a_large_page(
    api: ApiClient, commands: CommandRecorder, limit: int
) -> None:
    """The driver's default first batch of 101 would cut a page of 100 in two."""
    api.get(f"/conversations?limit={limit}")
    assert commands.names == ["find"]


def test_it_searches_within_the_callers_rows(
    api: ApiClient, conversation: dict[str, Any], commands: CommandRecorder
) -> None:
    """Any other combination begins with the owner and a status, and has a time limit."""
    api.get("/conversations?q=a&pinned=false&tag=a&tag=b&ordering=title")
    [find] = commands.sent
    assert list(find["filter"])[:2] == ["user_id", "status"]
    assert find["maxTimeMS"] > 0
    assert not _operators(find["filter"]) & {"$or", "$expr", "$where", "$nor"}


RANGE = {"$gt", "$gte", "$lt"}


def serving(find: dict[str, Any]) -> list[str]:
    """Return the declared indexes that serve a find exactly.

    MongoDB's rule of equality, sort, range: the index begins with the fields compared for
    equality, in any order, then has the fields of the sort, and the range is on the first of
    those. The sort runs one way, as the index does, or all of it the other way.
    """
    filters, sort = find["filter"], find["sort"]
    if _operators(filters) - {"$in", *RANGE} or len(set(sort.values())) != 1:
        return []
    ranges = {field for field, value in filters.items() if _operators(value) & RANGE}
    equalities = set(filters) - ranges
    sorted_by = list(sort)
    return [
        index.name
        for index in INDEXES
        if set(index.fields[: len(equalities)]) == equalities
        and list(index.fields[len(equalities) :]) == sorted_by
        and ranges <= {sorted_by[0]}
        and (index.partial or {}).items() <= filters.items()
    ]


def _operators(value: Any) -> set[str]:
    if isinstance(value, dict):
        inner = set().union(*(_operators(one) for one in value.values())) if value else set()
        return {name for name in value if name.startswith("$")} | inner
    if isinstance(value, list):
        return set().union(*(_operators(one) for one in value)) if value else set()
    return set()


def test_its_rule_knows_what_no_index_serves() -> None:
    """The rule above can fail: a new shape without an index is found out."""
    shape = {"user_id": "u", "status": "active"}
    by_activity = {"metadata.last_activity": -1, "_id": -1}
    assert serving({"filter": shape, "sort": by_activity}) == ["by_activity"]
    assert not serving({"filter": {**shape, "colour": "red"}, "sort": by_activity})
    assert not serving({"filter": shape, "sort": {"updated_at": 1, "_id": 1}})
    assert not serving({"filter": shape, "sort": {"metadata.last_activity": -1, "_id": 1}})
    assert not serving({"filter": {**shape, "created_at": {"$lt": 1}}, "sort": by_activity})
    assert not serving({"filter": {**shape, "pinned": False}, "sort": by_activity})
    assert not serving({"filter": {**shape, "$or": []}, "sort": by_activity})
