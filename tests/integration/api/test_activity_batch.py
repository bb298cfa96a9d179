"""POST /activity."""

from typing import Any

import pytest

from conversations import dependencies
from conversations.repository.database import collection
from tests.activities import ahead, deleted, record, record_all, told
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.factories import ConversationDocumentFactory
from tests.stored import stored


def test_it_counts_each_item_once(api: ApiClient, other: ApiClient, messages: ApiClient) -> None:
    """Of whomever's conversations, with repeats among them; totals are those after the batch."""
    mine, theirs = api.create(), other.create()
    record(messages, mine, told("m1", at=ahead(1)))
    moment = ahead(2)
    items = [
        {"conversation_id": mine["id"], **told("m1")},
        {"conversation_id": theirs["id"], **deleted("m1"), "user_id": other.user_id},
        {"conversation_id": mine["id"], **told("m2", at=moment)},
        {"conversation_id": mine["id"], **told("m2", at=moment)},
        {"conversation_id": mine["id"], **told("m3", at=ahead(-60))},
        {"conversation_id": mine["id"], **deleted("m1")},
    ]
    first = messages.post("/activity", {"items": items})
    ok = {"status": "ok", "message_count": 2, "last_activity": moment}
    created_at = theirs["metadata"]["last_activity"]
    assert first.json == {
        "results": [
            {"index": 0, **ok},
            {"index": 1, **ok, "message_count": 0, "last_activity": created_at},
            {"index": 2, **ok},
            {"index": 3, **ok},
            {"index": 4, **ok},
            {"index": 5, **ok},
        ]
    }
    assert messages.post("/activity", {"items": items}).json == first.json
    assert stored(api.user_id)["activity_rev"] == 4


def test_it_says_which_conversations_are_not_found(api: ApiClient, messages: ApiClient) -> None:
    """Purged, another owner's, never there, or no id at all: the others are counted."""
    purged, there = api.create(), api.create()
    api.delete(purged["id"], "?permanent=true")
    items = [
        {"conversation_id": purged["id"], **told("m1")},
        {"conversation_id": there["id"], **told("m1")},
        {"conversation_id": there["id"], **told("m2"), "user_id": "somebody"},
        {"conversation_id": "0" * 24, **told("m1")},
        *({"conversation_id": text, **told("m1")} for text in ("nonsense", "", "\0", "x" * 3000)),
    ]
    results = messages.post("/activity", {"items": items}).json["results"]
    statuses = [result["status"] for result in results]
    assert statuses == ["not_found", "ok", *["not_found"] * 6]
    assert results[0] == {"index": 0, "status": "not_found"}
    assert results[1]["message_count"] == 1
    assert api.read(there["id"])["metadata"]["message_count"] == 1


def test_a_whole_batch_for_one_conversation_can_be_sent_again(
    api: ApiClient, messages: ApiClient
) -> None:
    """However long: the last 500 are remembered."""
    created = api.create()
    bodies = [told(f"m{number}") for number in range(500)]
    for _ in range(2):
        assert record_all(messages, created, bodies)[0]["message_count"] == 500


def test_it_counts_nothing_if_one_item_is_not_valid(api: ApiClient, messages: ApiClient) -> None:
    """The faults point into the items."""
    created = api.create()
    here = {"conversation_id": created["id"]}
    items: list[Any] = [
        {**here, **told("m1")},
        {**here, **told("m2", colour="red")},
        told("m3"),
        "m4",
        {**here, **told("m5", at="today")},
        {"conversation_id": 7, **told("m6")},
    ]
    answer = messages.post("/activity", {"items": items})
    assert (answer.status, answer.faults) == (
        400,
        {
            "#/items/1/colour": "unknown_field",
            "#/items/2/conversation_id": "required",
            "#/items/3": "invalid_type",
            "#/items/4/occurred_at": "invalid_datetime",
            "#/items/5/conversation_id": "invalid_type",
        },
    )
    items = [{**here, **told(f"m{minutes}", at=ahead(minutes))} for minutes in (1, 1500, 2, 1501)]
    answer = messages.post("/activity", {"items": items})
    assert (answer.status, answer.faults) == (
        400,
        {"#/items/1/occurred_at": "too_far_ahead", "#/items/3/occurred_at": "too_far_ahead"},
    )
    assert stored(api.user_id)["activity_rev"] == 0


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"#/items": "required"}),
        ({"items": None}, {"#/items": "null"}),
        ({"items": {}}, {"#/items": "invalid_type"}),
        ({"items": []}, {"#/items": "too_few"}),
        ({"items": [{}] * 501}, {"#/items": "too_many"}),
        ([], {"#": "invalid_type"}),
    ],
    ids=["nothing", "null", "an object", "none", "501", "a list"],
)
def test_it_takes_1_to_500_items(messages: ApiClient, body: Any, faults: dict[str, str]) -> None:
    """More are refused before they are looked into."""
    answer = messages.post("/activity", body)
    assert (answer.status, answer.faults) == (400, faults)


def test_it_needs_one_write_and_one_read(
    api: ApiClient, messages: ApiClient, commands: CommandRecorder
) -> None:
    """However many items and conversations: more than the driver's default first batch of 101."""
    rows = ConversationDocumentFactory.build_batch(110, user_id=api.user_id)
    collection("conversations").insert_many(rows)
    items = [
        {"conversation_id": str(row["_id"]), "user_id": api.user_id, **told("m1")} for row in rows
    ]
    messages.post("/activity", {"items": items[:1]})
    commands.forget()
    messages.post("/activity", {"items": items})
    assert commands.names == ["update", "find"]
    assert {tuple(update["q"])[:2] for update in commands.sent[0]["updates"]} == {
        ("_id", "user_id")
    }


def test_an_expired_conversation_is_not_found(api: ApiClient, messages: ApiClient) -> None:
    """And what a sweep has yet to remove is not written to."""
    created = api.create(expires_at=ahead(60))
    later = dependencies.utc_now().replace(year=2100)
    before = collection("conversations").find_one({"user_id": api.user_id})
    with dependencies.override(clock=lambda: later):
        [result] = record_all(messages, created, [told("m1")])
    assert result["status"] == "not_found"
    assert collection("conversations").find_one({"user_id": api.user_id}) == before
