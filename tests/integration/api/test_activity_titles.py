"""Titles that activities suggest."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId

from conversations import dependencies
from conversations.activity import Activity, ActivityType
from conversations.repository.activity import count
from tests.activities import ahead, record, record_all, told
from tests.client import ApiClient
from tests.integration.api.test_concurrency import together
from tests.stored import stored

Tell = Callable[[ApiClient, dict[str, Any], list[dict[str, Any]]], Any]


def suggesting(title: Any, message_id: str = "m1", minutes: float = 1) -> dict[str, Any]:
    return told(message_id, at=ahead(minutes), suggested_title=title)


def one_by_one(
    client: ApiClient, conversation: dict[str, Any], bodies: list[dict[str, Any]]
) -> None:
    for body in bodies:
        assert record(client, conversation, body).status == 200


def test_it_replaces_the_characters_name(api: ApiClient, messages: ApiClient) -> None:
    """It is an edit by the service: a version, an event, another place in searches and lists."""
    created = api.create()
    record(messages, created, suggesting("  Éngines that weave "))
    after = api.read(created["id"])
    assert (after["title"], after["version"]) == ("Éngines that weave", 2)
    assert after["metadata"]["message_count"] == 1
    document = stored(api.user_id)
    assert (document["title_source"], document["title_sort"]) == ("auto", "engines that weave")
    event = document["pending_events"][-1]
    assert (event["event_type"], event["sequence"]) == ("conversation.updated", 2)
    assert (event["actor"], event["user_id"]) == ("message-service", api.user_id)
    assert event["changed"] == ["title"]
    assert event["data"] == after
    assert api.titles("?q=engine") == ["Éngines that weave"]
    assert api.get(f"/conversations/{created['id']}").headers["ETag"] == '"2.1"'


def test_it_leaves_a_title_that_the_user_set(api: ApiClient, messages: ApiClient) -> None:
    """At creation or later; once it is given back to the character, suggestions apply again."""
    named, renamed = api.create(title="Mine"), api.create()
    api.patch(renamed["id"], {"title": "Mine too"})
    for conversation in (named, renamed):
        before = api.read(conversation["id"])
        record(messages, conversation, suggesting("Suggested"))
        after = api.read(conversation["id"])
        assert (after["title"], after["version"]) == (before["title"], before["version"])
        assert after["metadata"]["message_count"] == 1
    api.patch(renamed["id"], {"title": None})
    record(messages, renamed, suggesting("Suggested again", "m2", 2))
    assert api.read(renamed["id"])["title"] == "Suggested again"


@pytest.mark.parametrize(
    "title",
    ["", "  ", "<b>", "a\nb", "x" * 201, 7, ["Title"], {"a": 1}, True, None],
    ids=["empty", "blank", "angles", "lines", "long", "number", "list", "object", "flag", "null"],
)
def test_it_ignores_a_title_that_no_user_could_set(
    api: ApiClient, messages: ApiClient, title: Any
) -> None:
    """The message counts all the same."""
    created = api.create()
    assert record(messages, created, suggesting(title)).json["message_count"] == 1
    [result] = record_all(messages, created, [suggesting(title, "m2")])
    assert result["message_count"] == 2
    after = api.read(created["id"])
    assert (after["title"], after["version"]) == (created["title"], 1)


def test_it_ignores_the_title_that_is_there(api: ApiClient, messages: ApiClient) -> None:
    """What changes nothing is no edit."""
    created = api.create()
    record(messages, created, suggesting(created["title"]))
    assert api.read(created["id"])["version"] == 1


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]], ids=str)
@pytest.mark.parametrize("tell", [one_by_one, record_all])
def test_the_suggestion_that_occurred_last_stays(
    api: ApiClient, messages: ApiClient, order: list[int], tell: Tell
) -> None:
    """Whatever the order of arrival; one that is told again late brings no old title back."""
    created = api.create()
    bodies = [suggesting(f"Title {number}", f"m{number}", number + 1) for number in range(3)]
    arriving = [bodies[number] for number in order] + bodies[::-1]
    tell(messages, created, arriving)
    after = api.read(created["id"])
    assert (after["title"], after["metadata"]["message_count"]) == ("Title 2", 3)


@pytest.mark.parametrize("tell", [one_by_one, record_all])
def test_a_repeat_suggests_what_a_death_left_undone(
    api: ApiClient, messages: ApiClient, tell: Tell
) -> None:
    """The process died after the counting: the repeat counts nothing and sets the title."""
    created = api.create()
    now = dependencies.utc_now()
    dying = Activity(
        conversation_id=ObjectId(created["id"]),
        message_id="m1",
        type=ActivityType.CREATED,
        occurred_at=now,
        suggested_title="Suggested",
    )
    assert count(activity=dying, now=now) is not None
    assert api.read(created["id"])["title"] == created["title"]
    body = told("m1", at=now, suggested_title="Suggested")
    for _ in range(2):
        tell(messages, created, [body])
        after = api.read(created["id"])
        assert (after["title"], after["version"]) == ("Suggested", 2)
        assert after["metadata"]["message_count"] == 1


def test_the_trash_keeps_its_titles(api: ApiClient, messages: ApiClient) -> None:
    """As for everybody: nothing is edited there, though messages count."""
    created = api.create()
    api.delete(created["id"])
    assert record(messages, created, suggesting("Suggested")).json["message_count"] == 1
    assert api.read(created["id"])["title"] == created["title"]


def test_the_users_title_wins_over_suggestions_at_the_same_time(
    api: ApiClient, client_of: Any
) -> None:
    """Before, between or after them: in the end it stands, and every message counts."""
    for _ in range(5):
        created = api.create()
        clients = [client_of(f"service-{n}", scope="conversations:activity") for n in range(5)]
        user = client_of(api.user_id)

        def act(
            number: int, created: Any = created, clients: Any = clients, user: Any = user
        ) -> int:
            if number == 0:
                status: int = user.patch(created["id"], {"title": "The user's"}).status
                return status
            body = suggesting(f"Suggested {number}", f"m{number}", number)
            return record(clients[number - 1], created, body).status

        assert together(6, act) == [200] * 6
        after = api.read(created["id"])
        assert (after["title"], after["metadata"]["message_count"]) == ("The user's", 5)
