"""PATCH /conversations/{id}."""

import pytest

from tests.client import JSON, MERGE_PATCH, ApiClient
from tests.stored import stored


def test_it_changes_what_it_names_and_nothing_else(api: ApiClient) -> None:
    """A merge patch: named members change, nested settings merge, the version counts."""
    before = api.create(tags=["a"], settings={"model": "m", "temperature": 1})
    patch = {"title": "New", "settings": {"temperature": None, "max_tokens": 5}}
    answer = api.patch(before["id"], patch)
    after = answer.json
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert after["settings"]["model"] == "m"
    assert after["settings"]["temperature"] is None
    assert after["settings"]["max_tokens"] == 5
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"title", "settings", "updated_at", "version"}
    assert api.read(before["id"]) == after


def test_it_takes_null_as_the_way_back(api: ApiClient) -> None:
    """Null returns each member to what it is without the caller's saying."""
    created = api.create(
        title="Mine",
        tags=["a"],
        pinned=True,
        settings={"model": "m"},
        expires_at="2100-01-01T00:00:00Z",
    )
    nulls = dict.fromkeys(("title", "tags", "pinned", "settings", "expires_at", "folder_id"))
    after = api.patch(created["id"], nulls).json
    assert after["title"] == "Ada Lovelace"
    assert (after["tags"], after["pinned"], after["expires_at"]) == ([], False, None)
    assert set(after["settings"].values()) == {None}


@pytest.mark.parametrize("patch", [{}, {"title": "Same"}, {"tags": ["a", "A"]}, {"pinned": None}])
def test_it_writes_nothing_when_nothing_changes(api: ApiClient, patch: dict[str, object]) -> None:
    """Same version, same updated_at, no event."""
    created = api.create(title="Same", tags=["a"])
    answer = api.patch(created["id"], patch)
    assert (answer.status, answer.json) == (200, created)
    document = stored(api.user_id)
    assert len(document["pending_events"]) == 1


def test_it_tells_in_its_event_what_changed(api: ApiClient) -> None:
    """The event has the state after the change, its version as sequence, and the members."""
    created = api.create()
    after = api.patch(created["id"], {"title": "New", "pinned": True}).json
    document = stored(api.user_id)
    event = document["pending_events"][1]
    assert event["event_type"] == "conversation.updated"
    assert (event["sequence"], event["data"]) == (2, after)
    assert event["changed"] == ["pinned", "title"]


def test_it_takes_plain_json_and_tells_what_else(api: ApiClient) -> None:
    """application/json works too; anything else is 415 with Accept-Patch."""
    path = f"/conversations/{api.create()['id']}"
    assert api.send("PATCH", path, {"title": "x"}, content_type="application/json").status == 200
    for other in ("*/*", "application/*"):
        assert api.send("PATCH", path, {"title": "x"}, content_type=other).status == 415
    answer = api.send("PATCH", path, b"title=x", content_type="text/plain")
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert "application/merge-patch+json" in answer.headers["Accept-Patch"]


@pytest.mark.parametrize("content_type", [MERGE_PATCH, JSON])
def test_it_refuses_a_patch_without_a_body(api: ApiClient, content_type: str) -> None:
    """400: an empty body is no JSON, and a caller's mistake must not look like success."""
    path = f"/conversations/{api.create()['id']}"
    answer = api.send("PATCH", path, content_type=content_type)
    assert (answer.status, answer.code) == (400, "malformed_request")


@pytest.mark.parametrize(
    ("patch", "faults"),
    [
        ({"version": 9}, {"#/version": "read_only"}),
        ({"status": "archived"}, {"#/status": "read_only"}),
        ({"character_id": "borges"}, {"#/character_id": "read_only"}),
        ({"metadata": {}}, {"#/metadata": "read_only"}),
        ({"colour": "red"}, {"#/colour": "unknown_field"}),
        ({"title": "<"}, {"#/title": "invalid_characters"}),
        ({"expires_at": "2020-01-01T00:00:00Z"}, {"#/expires_at": "in_the_past"}),
    ],
)
def test_it_refuses_what_breaks_a_rule(
    api: ApiClient, patch: dict[str, object], faults: dict[str, str]
) -> None:
    """400, and the conversation stays as it was."""
    created = api.create()
    answer = api.patch(created["id"], {"pinned": True, **patch})
    assert (answer.status, answer.faults) == (400, faults)
    assert api.read(created["id"]) == created


def test_it_finds_renamed_conversations_by_their_new_title(api: ApiClient) -> None:
    """Search and order follow a rename."""
    created = api.create(title="Before")
    api.patch(created["id"], {"title": "Qué tal"})
    assert api.titles("?q=que") == ["Qué tal"]
    assert api.titles("?q=before") == []
