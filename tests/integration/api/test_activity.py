"""POST /conversations/{id}/activity."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from conversations import dependencies
from conversations.repository.database import collection
from tests.activities import ahead, deleted, record, told
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.integration.api.test_concurrency import together
from tests.stored import stored


def test_it_counts_a_message_and_moves_the_last_activity(
    api: ApiClient, messages: ApiClient
) -> None:
    """The answer and the conversation say the same, and nothing else has changed."""
    created = api.create()
    moment = ahead(5)
    answer = record(messages, created, told("m1", at=moment))
    assert (answer.status, answer.json) == (200, {"message_count": 1, "last_activity": moment})
    assert api.read(created["id"]) == {**created, "metadata": answer.json}
    assert len(stored(api.user_id)["pending_events"]) == 1, "plain activity is no event"


def test_it_counts_once_what_is_told_again(api: ApiClient, messages: ApiClient) -> None:
    """The repeat gets the state as it is now, and changes nothing."""
    created = api.create()
    first, second = told("m1", at=ahead(1)), told("m2", at=ahead(2))
    record(messages, created, first)
    after = record(messages, created, second)
    before = stored(api.user_id)
    repeated = record(messages, created, {**first, "occurred_at": ahead(9)})
    assert (repeated.status, repeated.json) == (200, after.json)
    assert stored(api.user_id) == before


def test_it_tells_a_deletion_from_a_creation(api: ApiClient, messages: ApiClient) -> None:
    """Both have the message's id, and each counts once; a deletion moves no moment."""
    created = api.create()
    moment = ahead(5)
    record(messages, created, told("m1", at=moment))
    record(messages, created, told("m2", at=ahead(1)))
    for _ in range(2):
        answer = record(messages, created, deleted("m1", at=ahead(60)))
        assert answer.json == {"message_count": 1, "last_activity": moment}


def test_it_takes_deletions_before_their_messages(api: ApiClient, messages: ApiClient) -> None:
    """The count is shown as at least 0, and the sum behind it comes right."""
    created = api.create()
    shown = [
        record(messages, created, body).json["message_count"]
        for body in (deleted("m1"), deleted("m2"), told("m1"), told("m3"), told("m2"))
    ]
    assert shown == [0, 0, 0, 0, 1]


def test_it_remembers_the_last_512(api: ApiClient, messages: ApiClient) -> None:
    """A repeat after 511 others counts for nothing; after one more it is taken for new."""
    created = api.create()
    record(messages, created, told("first"))
    others = {"$push": {"recent_activity": {"$each": list(range(511))}}}
    collection("conversations").update_one({"user_id": api.user_id}, others)
    assert record(messages, created, told("first")).json["message_count"] == 1
    assert record(messages, created, told("one more")).json["message_count"] == 2
    assert len(stored(api.user_id)["recent_activity"]) == 512
    assert record(messages, created, told("first")).json["message_count"] == 3
    assert len(stored(api.user_id)["recent_activity"]) == 512


@pytest.mark.parametrize("action", ["archive", "trash"])
def test_it_counts_in_the_archive_and_in_the_trash(
    api: ApiClient, messages: ApiClient, action: str
) -> None:
    """It leaves the status as it is."""
    created = api.create()
    if action == "trash":
        api.delete(created["id"])
    else:
        api.post(f"/conversations/{created['id']}/archive")
    before = api.read(created["id"])
    answer = record(messages, created, told("m1"))
    assert answer.json["message_count"] == 1
    assert api.read(created["id"]) == {**before, "metadata": answer.json}


def test_it_finds_nothing_that_nobody_can_see(api: ApiClient, messages: ApiClient) -> None:
    """Purged, expired, never there, or no id at all: 404, and nothing is written."""
    purged = api.create()
    api.delete(purged["id"], "?permanent=true")
    expiring = api.create(expires_at=ahead(60))
    later = dependencies.utc_now() + timedelta(minutes=60)
    before = list(collection("conversations").find({"user_id": api.user_id}))
    with dependencies.override(clock=lambda: later):
        for conversation_id in (purged["id"], expiring["id"], "0" * 24, "nonsense"):
            answer = record(messages, {"id": conversation_id}, told("m1"))
            assert (answer.status, answer.code) == (404, "not_found")
    assert list(collection("conversations").find({"user_id": api.user_id})) == before


def test_it_takes_clocks_that_are_a_day_ahead(api: ApiClient, messages: ApiClient) -> None:
    """Twenty-four hours, and not a millisecond more; the past has no bound."""
    created = api.create()
    now = dependencies.utc_now()
    day, millisecond = timedelta(hours=24), timedelta(milliseconds=1)
    with dependencies.override(clock=lambda: now):
        refused = record(messages, created, told("m1", at=now + day + millisecond))
        assert (refused.status, refused.faults) == (400, {"#/occurred_at": "too_far_ahead"})
        assert record(messages, created, told("m1", at=now + day)).status == 200
    assert record(messages, created, told("m2", at="0001-01-01T00:00:00Z")).status == 200
    assert api.read(created["id"])["metadata"]["message_count"] == 2


@pytest.mark.parametrize("path", ["/conversations/{id}/activity", "/activity"])
def test_it_needs_a_scope_of_its_own(
    api: ApiClient, admin: ApiClient, messages: ApiClient, path: str
) -> None:
    """Neither owning the conversation nor the admin's scope will do."""
    path = path.replace("{id}", api.create()["id"])
    for client in (api, admin):
        refused = client.post(path, told("m1"))
        assert (refused.status, refused.code) == (403, "insufficient_scope")
        assert 'scope="conversations:activity"' in refused.headers["WWW-Authenticate"]
    foreign = messages.post(f"{path}?user_id={api.user_id}", told("m1"))
    assert (foreign.status, foreign.code) == (403, "insufficient_scope")
    assert ApiClient(token=None).post(path, told("m1")).status == 401
    assert stored(api.user_id)["activity_rev"] == 0


def test_it_takes_the_owner_as_a_condition(
    api: ApiClient, client_of: Any, messages: ApiClient
) -> None:
    """The right one, in the body or, from an admin, in the query string; another is 404."""
    created = api.create()
    assert record(messages, created, told("m1", user_id=api.user_id)).status == 200
    assert record(messages, created, told("m2", user_id="somebody")).status == 404
    assert record(messages, created, told("m1", user_id="somebody")).status == 404
    both = client_of("operator", scope="conversations:activity conversations:admin")
    path = f"/conversations/{created['id']}/activity?user_id="
    assert both.post(path + api.user_id, told("m3")).json["message_count"] == 2
    assert both.post(path + "somebody", told("m4")).status == 404
    assert api.read(created["id"])["metadata"]["message_count"] == 2


INVALID: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "nothing": (
        {},
        {"#/message_id": "required", "#/occurred_at": "required", "#/type": "required"},
    ),
    "null": (told("m") | {"occurred_at": None}, {"#/occurred_at": "null"}),
    "no text": (told("m") | {"message_id": 7}, {"#/message_id": "invalid_type"}),
    "empty": (told(""), {"#/message_id": "invalid"}),
    "too long": (told("x" * 256), {"#/message_id": "invalid"}),
    "not printable": (told("a\nb"), {"#/message_id": "invalid"}),
    "no moment": (told("m", at="today"), {"#/occurred_at": "invalid_datetime"}),
    "no offset": (told("m", at="2026-01-01T00:00:00"), {"#/occurred_at": "invalid_datetime"}),
    "another type": (told("m", type="message.read"), {"#/type": "invalid_choice"}),
    "a list": (told("m", type=["message.created"]), {"#/type": "invalid_choice"}),
    "no user": (told("m", user_id="a b"), {"#/user_id": "invalid"}),
    "unknown": (told("m", colour="red"), {"#/colour": "unknown_field"}),
    "of a batch": (told("m", conversation_id="0" * 24), {"#/conversation_id": "unknown_field"}),
}


@pytest.mark.parametrize(("body", "faults"), INVALID.values(), ids=INVALID)
def test_it_refuses_what_is_not_valid(
    api: ApiClient, messages: ApiClient, body: dict[str, Any], faults: dict[str, str]
) -> None:
    """Each fault has its pointer, no value is echoed, and nothing is counted."""
    created = api.create()
    answer = record(messages, created, body)
    assert (answer.status, answer.faults) == (400, faults)
    assert "message.read" not in answer.content.decode()
    assert stored(api.user_id)["activity_rev"] == 0


@pytest.mark.parametrize("message_id", ["7", "x" * 255, " ", "é/ñ?#", "<💬>"])
def test_it_takes_any_printable_message_id(
    api: ApiClient, messages: ApiClient, message_id: str
) -> None:
    """As it is, untrimmed; null members count as not given."""
    created = api.create()
    body = told(message_id, user_id=None, suggested_title=None)
    assert record(messages, created, body).json["message_count"] == 1
    assert record(messages, created, told(f"{message_id} "[-255:])).status == 200


def test_it_changes_the_etag_and_not_the_version(api: ApiClient, messages: ApiClient) -> None:
    """Readers see it, editors are not disturbed, repeats are not seen."""
    created = api.create()
    path = f"/conversations/{created['id']}"
    for body in (told("m1"), told("m2"), told("m1")):
        record(messages, created, body)
    assert api.get(path).headers["ETag"] == '"1.2"'
    assert api.get(path, **{"If-None-Match": '"1"'}).status == 200
    assert api.get(path, **{"If-None-Match": '"1.2"'}).status == 304
    edited = api.patch(created["id"], {"pinned": True}, **{"If-Match": '"1"'})
    assert (edited.status, edited.headers["ETag"]) == (200, '"2.2"')
    record(messages, created, told("m3"))
    assert api.get(path).headers["ETag"] == '"2.3"'


def test_lists_by_last_activity_follow_at_once(api: ApiClient, messages: ApiClient) -> None:
    """The conversation with the newest message comes first."""
    a, b, c = (api.create(title=title) for title in "abc")
    record(messages, b, told("m1", at=ahead(1)))
    record(messages, a, told("m1", at=ahead(2)))
    record(messages, c, deleted("m1", at=ahead(3)))
    assert api.titles() == ["a", "b", "c"]
    assert api.titles("?ordering=last_activity") == ["c", "b", "a"]


def test_it_counts_once_however_many_tell_it_at_a_time(
    api: ApiClient, client_of: Any, messages: ApiClient
) -> None:
    """Sixteen repeats of one activity are one."""
    created = api.create()
    clients = [client_of(f"message-service-{n}", scope="conversations:activity") for n in range(16)]
    body = told("m1")
    answers = together(16, lambda number: record(clients[number], created, body))
    assert {(answer.status, answer.json["message_count"]) for answer in answers} == {(200, 1)}
    assert stored(api.user_id)["activity_rev"] == 1


def test_it_needs_one_round_trip(
    api: ApiClient, messages: ApiClient, commands: CommandRecorder
) -> None:
    """One atomic write; only what it does not match is read: a repeat, or nothing."""
    created = api.create()
    record(messages, created, told("m0"))
    commands.forget()
    record(messages, created, told("m1", user_id=api.user_id))
    [write] = commands.sent
    assert next(iter(write)) == "findAndModify"
    assert list(write["query"])[:2] == ["_id", "user_id"]
    commands.forget()
    record(messages, created, told("m1"))
    assert commands.names == ["findAndModify", "find"]
    assert commands.sent[1]["filter"] == {"_id": ObjectId(created["id"])}
