"""GET /conversations: rows, filters, orderings, both pagination strategies."""

from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.client import ApiClient

LIGHT = {
    "id",
    "user_id",
    "character_id",
    "character",
    "title",
    "status",
    "pinned",
    "tags",
    "folder_id",
    "metadata",
    "created_at",
    "updated_at",
    "archived_at",
    "deleted_at",
    "expires_at",
    "version",
}


def test_it_answers_with_light_rows_newest_activity_first(api: ApiClient) -> None:
    """No settings in a row; active ones only; what does not apply is null."""
    for title in ("One", "Two", "Three"):
        api.create(title=title, settings={"system_prompt": "long"})
    page = api.get("/conversations").json
    assert [row["title"] for row in page["results"]] == ["Three", "Two", "One"]
    assert set(page["results"][0]) == LIGHT
    assert {name: page[name] for name in page if name != "results"} == {
        "next": None,
        "previous": None,
        "next_cursor": None,
        "previous_cursor": None,
        "count": None,
    }


def test_it_adds_the_settings_for_view_full(api: ApiClient) -> None:
    """view=full rows are what a single read shows."""
    created = api.create(settings={"model": "m"})
    [row] = api.get("/conversations?view=full").json["results"]
    assert row == created
    assert "settings" not in api.get("/conversations?view=light").json["results"][0]


def test_it_filters_by_status(api: ApiClient) -> None:
    """Active by default; each of the others; all of them but the purged."""
    for title in ("active", "archived", "deleted", "purged"):
        created = api.create(title=title)
        if title == "archived":
            api.post(f"/conversations/{created['id']}/archive")
        if title in ("deleted", "purged"):
            api.delete(created["id"], "?permanent=true" if title == "purged" else "")
    assert api.titles() == ["active"]
    for status in ("active", "archived", "deleted"):
        assert api.titles(f"?status={status}") == [status]
    assert api.titles("?status=all&ordering=title") == ["active", "archived", "deleted"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?character_id=borges", ["Labyrinth"]),
        ("?tag=Work", ["Labyrinth", "Que tal"]),
        ("?tag=Work&tag=urgent", ["Que tal"]),
        ("?tag=work", []),
        ("?pinned=true", ["Que tal"]),
        ("?pinned=false", ["Labyrinth", "東京 🎉"]),
        ("?q=qu%C3%A9", ["Que tal"]),
        ("?q=QUE+TA", ["Que tal"]),
        ("?q=ta+que", ["Que tal"]),
        ("?q=al", []),
        ("?q=jorge", ["Labyrinth"]),
        ("?q=urg", ["Que tal"]),
        ("?q=" + quote("東"), ["東京 🎉"]),
        ("?q=" + quote("🎉"), ["東京 🎉"]),
        ("?q=.*", ["Labyrinth", "Que tal", "東京 🎉"]),
        ("?q=", ["Labyrinth", "Que tal", "東京 🎉"]),
        ("?created_after=2000-01-01T00:00:00Z", ["Labyrinth", "Que tal", "東京 🎉"]),
        ("?created_before=2000-01-01T00:00:00Z", []),
        ("?active_after=2000-01-01T00:00:00Z&tag=Work&q=lab&pinned=false", ["Labyrinth"]),
    ],
)
def test_it_filters(api: ApiClient, query: str, found: list[str]) -> None:
    """All that are given must hold."""
    api.create("borges", title="Labyrinth", tags=["Work"])
    api.create(title="Que tal", tags=["Work", "urgent"], pinned=True)
    api.create(title="東京 🎉")
    for strategy in ("cursor", "offset"):
        titles = api.titles(f"{query}&ordering=title&pagination={strategy}")
        assert titles == found


def test_it_takes_after_as_inclusive_and_before_as_exclusive(api: ApiClient) -> None:
    """The bounds of a range."""
    moment = api.create(title="x")["created_at"]
    for name in ("created", "active"):
        assert api.titles(f"?{name}_after={moment}") == ["x"]
        assert api.titles(f"?{name}_before={moment}") == []


def test_it_orders_titles_without_case_or_accents(api: ApiClient) -> None:
    """`Éa` stands between `eA` and `eb`."""
    for title in ("eb", "Éa", "ea2", "Z", "a"):
        api.create(title=title)
    assert api.titles("?ordering=title") == ["a", "Éa", "ea2", "eb", "Z"]
    assert api.titles("?ordering=-title") == ["Z", "eb", "ea2", "Éa", "a"]


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("?limit=0", {"limit": "invalid"}),
        ("?limit=101", {"limit": "invalid"}),
        ("?limit=ten", {"limit": "invalid"}),
        ("?limit=-1", {"limit": "invalid"}),
        ("?limit=%D9%A1", {"limit": "invalid"}),
        ("?ordering=version", {"ordering": "invalid"}),
        ("?status=purged", {"status": "invalid"}),
        ("?status=active&status=archived", {"status": "repeated_parameter"}),
        ("?pinned=1&q=" + "x" * 201, {"pinned": "invalid", "q": "invalid"}),
        ("?tag=a/b", {"tag": "invalid"}),
        ("?tag=", {"tag": "invalid"}),
        ("?character_id=a.b", {"character_id": "invalid"}),
        ("?created_after=yesterday", {"created_after": "invalid"}),
        ("?active_before=2026-01-01", {"active_before": "invalid"}),
        ("?page=2&colour=red", {"page": "unknown_parameter", "colour": "unknown_parameter"}),
        ("?view=heavy", {"view": "invalid"}),
        ("?pagination=page", {"pagination": "invalid"}),
        ("?cursor=x&pagination=offset", {"cursor": "unknown_parameter"}),
        ("?offset=1", {"offset": "unknown_parameter"}),
        ("?offset=10001&pagination=offset", {"offset": "invalid"}),
        ("?cursor=", {"cursor": "invalid_cursor"}),
        ("?cursor=%00", {"cursor": "invalid_cursor"}),
        ("?q=%ff", {"q": "invalid_encoding"}),
        ("?format=json", {"format": "unknown_parameter"}),
    ],
)
def test_it_refuses_parameters_that_are_not_valid(
    api: ApiClient, query: str, faults: dict[str, str]
) -> None:
    """400 naming each parameter."""
    answer = api.get(f"/conversations{query}")
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert answer.faults == faults


@pytest.mark.parametrize("path", ["", "/archive"])
def test_it_refuses_unknown_parameters_everywhere(api: ApiClient, path: str) -> None:
    """A call with a parameter that it does not know does nothing."""
    created = api.create()
    method = "POST" if path else "GET"
    answer = api.send(method, f"/conversations/{created['id']}{path}?verbose=1")
    assert answer.faults == {"verbose": "unknown_parameter"}


def test_it_counts_and_numbers_pages_by_offset(api: ApiClient) -> None:
    """pagination=offset: a count, and links by offset."""
    for number in range(5):
        api.create(title=f"t{number}")
    first = api.get("/conversations?pagination=offset&limit=2&ordering=title").json
    assert (first["count"], first["previous"]) == (5, None)
    second = _follow(api, first["next"])
    third = _follow(api, second["next"])
    titles = [row["title"] for page in (first, second, third) for row in page["results"]]
    assert titles == ["t0", "t1", "t2", "t3", "t4"]
    assert third["next"] is None
    assert _follow(api, third["previous"])["results"] == second["results"]
    assert {first["next_cursor"], first["previous_cursor"]} == {None}


def test_it_links_to_the_next_page_by_an_absolute_url(api: ApiClient) -> None:
    """The link keeps the filters, and is the cursor's other form."""
    for number in range(3):
        api.create(title=f"t{number}", tags=["a&b"])
    page = api.get("/conversations?limit=2&tag=a%26b").json
    assert page["next"].startswith("http")
    rest = _follow(api, page["next"])
    assert [row["title"] for row in rest["results"]] == ["t0"]
    by_cursor = api.get(f"/conversations?limit=2&tag=a%26b&cursor={page['next_cursor']}").json
    assert by_cursor["results"] == rest["results"]


def _follow(api: ApiClient, link: str) -> dict[str, Any]:
    parts = urlsplit(link)
    answer = api.get(f"{parts.path.removeprefix('/api/v1')}?{parts.query}")
    assert answer.status == 200
    page: dict[str, Any] = answer.json
    return page
