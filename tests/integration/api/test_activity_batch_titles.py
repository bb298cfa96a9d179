"""Titles that a batch of activities suggests to many conversations."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest
from bson import ObjectId

from conversations import dependencies
from conversations.repository import conversations
from conversations.repository.conversations import Change
from conversations.repository.database import collection
from tests.activities import told
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.factories import ConversationDocumentFactory


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """Return the events that were told of after their writes."""
    events: list[Any] = []
    with dependencies.override(event_written=events.append):
        yield events


def suggest(messages: ApiClient, ids: Collection[str]) -> None:
    """Suggest a title to each of the conversations, in one batch."""
    items = [{"conversation_id": each, **told("m", suggested_title="Suggested")} for each in ids]
    answer = messages.post("/activity", {"items": items})
    assert {result["status"] for result in answer.json["results"]} == {"ok"}


def test_it_titles_500_conversations_by_one_write(
    api: ApiClient, messages: ApiClient, commands: CommandRecorder, heard: list[dict[str, Any]]
) -> None:
    """Each is an edit with its event, which is told of; sent again, the batch changes nothing."""
    rows = ConversationDocumentFactory.build_batch(
        500, user_id=api.user_id, title_source="character"
    )
    collection("conversations").insert_many(rows)
    ids = [str(row["_id"]) for row in rows]
    messages.post("/activity", {"items": [{"conversation_id": "0" * 24, **told("m")}]})
    commands.forget()
    suggest(messages, ids)
    assert commands.names == ["update", "find", "find", "update"]
    commands.forget()
    suggest(messages, ids)
    assert commands.names == ["update", "find"]
    found = list(collection("conversations").find({"user_id": api.user_id}))
    assert {
        (row["title"], row["title_source"], row["title_sort"], row["version"]) for row in found
    } == {("Suggested", "auto", "suggested", 2)}
    waiting = [event for row in found for event in row["pending_events"]]
    assert {(event["event_type"], event["sequence"]) for event in waiting} == {
        ("conversation.updated", 2)
    }
    assert sorted(event["conversation_id"] for event in waiting) == sorted(ids)
    assert sorted(event["event_id"] for event in waiting) == sorted(
        event["event_id"] for event in heard
    )
    assert all(row["pending_since"] == row["updated_at"] for row in found)


def test_edits_of_meanwhile_stay(
    api: ApiClient, messages: ApiClient, heard: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A title of the user's wins; other edits, and many events that wait, keep no title away."""
    untouched, titled, pinned, purged, full = [api.create()["id"] for _ in range(5)]
    collection("conversations").update_one({"_id": ObjectId(full)}, {"$set": {"version": 101}})
    write_all = conversations.update_all_at_version

    def too_late(changes: list[Change]) -> set[ObjectId]:
        api.patch(titled, {"title": "The user's"})
        api.patch(pinned, {"pinned": True})
        api.delete(purged, "?permanent=true")
        return write_all(changes)

    monkeypatch.setattr(conversations, "update_all_at_version", too_late)
    suggest(messages, (untouched, titled, pinned, purged, full))
    after = [api.read(each) for each in (untouched, titled, pinned, full)]
    assert [(each["title"], each["version"]) for each in after] == [
        ("Suggested", 2),
        ("The user's", 2),
        ("Suggested", 3),
        ("Suggested", 102),
    ]
    assert {each["metadata"]["message_count"] for each in after} == {1}
    told_of = [(event["conversation_id"], event["sequence"]) for event in heard]
    assert sorted(told_of) == sorted(
        [
            *((each, 1) for each in (untouched, titled, pinned, purged, full)),
            *((untouched, 2), (titled, 2), (pinned, 2), (pinned, 3), (purged, 2), (full, 102)),
        ]
    )
    filled = collection("conversations").find_one({"_id": ObjectId(full)})
    assert filled is not None
    assert [event["sequence"] for event in filled["pending_events"]] == [102]
