"""Archive, unarchive, delete, restore, purge."""

from datetime import timedelta

import pytest

from conversations import dependencies
from tests.client import ApiClient
from tests.stored import stored


def act(api: ApiClient, action: str, conversation: dict[str, object]) -> dict[str, object]:
    """Carry out an action and return the conversation after it."""
    path = f"/conversations/{conversation['id']}"
    if action == "delete":
        assert api.send("DELETE", path).status == 204
    else:
        answer = api.post(f"{path}/{action}")
        assert answer.status == 200, answer.content
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    after: dict[str, object] = api.get(path).json
    return after


@pytest.mark.parametrize(
    ("actions", "status", "version"),
    [
        (["archive"], "archived", 2),
        (["archive", "archive"], "archived", 2),
        (["unarchive"], "active", 1),
        (["archive", "unarchive"], "active", 3),
        (["restore"], "active", 1),
        (["archive", "restore"], "archived", 2),
        (["delete"], "deleted", 2),
        (["delete", "delete"], "deleted", 2),
        (["delete", "restore"], "active", 3),
        (["archive", "delete", "restore"], "archived", 4),
        (["archive", "delete", "restore", "unarchive", "delete", "restore"], "active", 7),
    ],
)
def test_it_goes_where_the_actions_lead(
    api: ApiClient, actions: list[str], status: str, version: int
) -> None:
    """Each change counts once; an action whose work is done changes nothing."""
    conversation = api.create()
    for action in actions:
        conversation = act(api, action, conversation)
    assert (conversation["status"], conversation["version"]) == (status, version)
    assert (conversation["archived_at"] is not None) == (status == "archived")
    assert (conversation["deleted_at"] is not None) == (status == "deleted")


@pytest.mark.parametrize("action", ["archive", "unarchive"])
def test_it_refuses_state_changes_in_the_trash(api: ApiClient, action: str) -> None:
    """409, and the conversation stays in the trash."""
    conversation = act(api, "delete", api.create())
    answer = api.post(f"/conversations/{conversation['id']}/{action}")
    assert (answer.status, answer.code) == (409, "state_conflict")
    patched = api.patch(str(conversation["id"]), {"title": "x"})
    assert (patched.status, patched.code) == (409, "state_conflict")
    assert api.read(str(conversation["id"])) == conversation


@pytest.mark.parametrize("before", [[], ["archive"], ["delete"]])
def test_it_purges_from_any_state(api: ApiClient, before: list[str]) -> None:
    """204, then nobody finds it any more, and no content is left in the database."""
    conversation = api.create(title="Secret", tags=["private"], settings={"system_prompt": "s3"})
    for action in before:
        act(api, action, conversation)
    path = f"/conversations/{conversation['id']}"
    assert api.send("DELETE", f"{path}?permanent=true").status == 204
    assert api.get(path).status == 404
    assert api.send("DELETE", f"{path}?permanent=true").status == 404
    assert api.titles("?status=all") == []
    document = stored(api.user_id)
    assert not {"Secret", "private", "s3", "secret"} & set(_texts(document))
    assert [event["event_type"] for event in document["pending_events"]][
        -1
    ] == "conversation.purged"
    assert all(event["data"] is None for event in document["pending_events"])


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("action", ["archive", "unarchive", "restore"])
def test_it_takes_no_body(api: ApiClient, action: str) -> None:
    """An empty object passes, a member is an unknown field."""
    path = f"/conversations/{api.create()['id']}/{action}"
    assert api.post(path, {}).status == 200
    assert api.post(path, {"force": True}).faults == {"#/force": "unknown_field"}


def test_it_refuses_a_permanent_that_is_no_boolean(api: ApiClient) -> None:
    """A typo must not delete anything."""
    conversation = api.create()
    answer = api.delete(conversation["id"], "?permanent=yes")
    assert (answer.status, answer.faults) == (400, {"permanent": "invalid"})
    assert api.read(conversation["id"]) == conversation


def test_it_hides_an_expired_conversation(api: ApiClient) -> None:
    """Past its expiry it is in no list, cannot be read and cannot be changed."""
    gone = api.create(title="Gone", expires_at="2099-01-01T00:00:00Z")
    stays = api.create(title="Stays")
    clock = dependencies.get().clock
    with dependencies.override(clock=lambda: clock() + timedelta(days=365 * 80)):
        assert api.titles("?status=all") == ["Stays"]
        counted = api.get("/conversations?pagination=offset").json
        assert (counted["count"], len(counted["results"])) == (1, 1)
        assert api.get(f"/conversations/{gone['id']}").status == 404
        assert api.patch(gone["id"], {"title": "x"}).status == 404
        assert api.delete(gone["id"]).status == 404
        assert api.get(f"/conversations/{stays['id']}").status == 200
