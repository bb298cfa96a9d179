"""The sweep finds documents with waiting events, and repairs what a dead harvester left."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from pymongo import DeleteOne

from conversations.document import partition_of
from conversations.repository import events, pending
from conversations.repository.database import collection
from conversations.repository.indexes import INDEXES, WAITING
from conversations.services import harvest as harvesting
from conversations.services import outbox
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.integration.outbox.rows import logged
from tests.stored import stored

Deliver = Callable[[], None]


def waiting(user_id: str) -> list[dict[str, Any]]:
    return list(collection("conversations").find({"user_id": user_id, **WAITING}))


def test_it_moves_what_waits_to_the_log(api: ApiClient, deliver: Deliver) -> None:
    """Of all documents, each event once, in order; nothing waits afterwards."""
    ids = [api.create()["id"] for _ in range(30)]
    for conversation_id in ids:
        api.patch(conversation_id, {"title": "Changed"})
    assert partition_of(api.user_id) in outbox.busy_partitions()
    deliver()
    rows = logged(api.user_id)
    assert len(rows) == 60
    for conversation_id in ids:
        mine = [row["event"] for row in rows if row["event"]["conversation_id"] == conversation_id]
        assert [event["sequence"] for event in mine] == [1, 2]
    assert not waiting(api.user_id)
    assert partition_of(api.user_id) not in outbox.busy_partitions()


def test_it_takes_the_longest_waiting_first(api: ApiClient, deliver: Deliver) -> None:
    """In batches: nobody is starved by newer ones."""
    ids = [api.create()["id"] for _ in range(4)]
    api.patch(ids[0], {"title": "Newer"})
    found = pending.find(partition=partition_of(api.user_id), limit=3)
    assert [str(document["_id"]) for document in found] == ids[:3]
    assert set(found[0]) == {"_id", "user_id", "partition", "status", "pending_events"}


def test_it_is_cheap_for_many_documents(
    api: ApiClient, deliver: Deliver, commands: CommandRecorder
) -> None:
    """A batch is five round trips, however many events are in it; publishing adds five."""
    for _ in range(10):
        api.patch(api.create()["id"], {"title": "Changed"})
    commands.forget()
    deliver()
    harvested, published = commands.names[:5], commands.names[5:]
    assert harvested == ["find", "find", "insert", "update", "update"]
    assert published == ["find", "findAndModify", "find", "update", "update"]


def test_an_idle_sweep_is_cheap(
    api: ApiClient, deliver: Deliver, commands: CommandRecorder
) -> None:
    """One find for each partition, served by an index, and one for all checkpoints."""
    commands.forget()
    outbox.busy_partitions()
    # Partitions with something to publish, of tests before, are not asked about their documents.
    assert set(commands.names) == {"find"}
    assert len(commands.names) <= 17
    [by_pending] = [index for index in INDEXES if index.name == "by_pending"]
    for find in commands.sent[1:]:
        assert tuple(find["filter"]) == by_pending.fields
        assert dict(by_pending.partial or {}).items() <= find["filter"].items()


def test_it_clears_a_document_that_waits_without_events(api: ApiClient, deliver: Deliver) -> None:
    """Its events were taken, and their harvester died."""
    api.create()
    deliver()
    document = stored(api.user_id)
    collection("conversations").update_one(
        {"_id": document["_id"]}, {"$set": {"pending_since": document["created_at"]}}
    )
    deliver()
    assert not waiting(api.user_id)
    assert len(logged(api.user_id)) == 1


def test_it_keeps_what_a_writer_adds_meanwhile(api: ApiClient, deliver: Deliver) -> None:
    """An event that came after the document was read stays, and waits since its own time."""
    created = api.create()
    read = pending.find(partition=partition_of(api.user_id), limit=1)
    events.append(partition=partition_of(api.user_id), events=read[0]["pending_events"])
    api.patch(created["id"], {"title": "Meanwhile"})
    pending.take(read)
    document = stored(api.user_id)
    assert [event["sequence"] for event in document["pending_events"]] == [2]
    assert document["pending_since"] == document["updated_at"]
    assert document["harvested"] == 1
    deliver()
    assert [row["event"]["sequence"] for row in logged(api.user_id)] == [1, 2]


def test_a_late_harvester_changes_nothing(api: ApiClient, deliver: Deliver) -> None:
    """It read what another has harvested since."""
    api.patch(api.create()["id"], {"title": "Changed"})
    late = pending.find(partition=partition_of(api.user_id), limit=1)
    deliver()
    before = logged(api.user_id), stored(api.user_id)
    harvesting.harvest(late[0])
    assert (logged(api.user_id), stored(api.user_id)) == before


@pytest.mark.parametrize("done", ["append", "redact", "take"])
def test_a_purge_is_finished_by_the_next_run(
    api: ApiClient, deliver: Deliver, monkeypatch: pytest.MonkeyPatch, done: str
) -> None:
    """Whatever step was the last before its harvester died: no content, no shell."""
    created = api.create(title="Secret")
    deliver()
    with monkeypatch.context() as dying:
        die_after(done, dying)
        assert api.delete(created["id"], "?permanent=true").status == 500
    deliver()
    rows = logged(api.user_id)
    assert [row["event"]["event_type"] for row in rows] == [
        "conversation.created",
        "conversation.purged",
    ]
    assert {row["event"]["data"] for row in rows} == {None}
    assert not list(collection("conversations").find({"_id": ObjectId(created["id"])}))


def die_after(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let harvesting end right after one of its steps."""
    place = pending if step == "take" else events
    real = getattr(place, step)

    def last(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        raise InterruptedError

    # Taking ends with the removal of the shell, which is a command of its own.
    monkeypatch.setattr(pending, "DeleteOne", lambda _key: DeleteOne({"_id": None}))
    monkeypatch.setattr(place, step, last)
