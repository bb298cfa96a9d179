"""On a sharded cluster: which commands go to one shard (docs/scaling.md#shard-keys)."""

from collections.abc import Mapping
from typing import Any

from conversations.document import partition_of
from conversations.repository.indexes import CONVERSATIONS, EVENTS
from conversations.services.harvest import harvest_partition
from integrations.resilience.deadline import Deadline
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.docs.test_shard_keys import shard_keys

Command = dict[str, Any]
# Where each command has its filters, or its new documents.
FILTERS = {
    "find": "filter",
    "findAndModify": "query",
    "insert": "documents",
    "update": "updates",
    "delete": "deletes",
}


def test_every_call_of_an_owner_goes_to_one_shard(
    api: ApiClient, commands: CommandRecorder
) -> None:
    """Reads and writes, lists of every kind, history, feed, export: each filter has the key."""
    created = api.create(tags=["a"], pinned=True)
    of_it = f"/conversations/{created['id']}"
    api.read(created["id"])
    api.patch(created["id"], {"title": "New"})
    for path in (
        "/conversations",
        "/conversations?tag=a&character_id=ada&q=ne&ordering=title",
        "/conversations?status=all&pagination=offset",
        f"{of_it}/history",
        "/events",
        "/users/me/export",
    ):
        assert api.get(path).status == 200, path
    for action in ("archive", "unarchive"):
        assert api.post(f"{of_it}/{action}").status == 200
    assert api.send("DELETE", of_it).status == 204
    assert api.post(f"{of_it}/restore").status == 200
    assert api.send("DELETE", f"{of_it}?permanent=true").status == 204
    asked = [each for each in commands.sent if _collection(each) in (CONVERSATIONS, EVENTS)]
    assert len(asked) > 20
    assert [each for each in asked if not _is_targeted(each)] == []


def test_activity_goes_to_one_shard_when_it_names_the_owner(
    api: ApiClient, messages: ApiClient, commands: CommandRecorder
) -> None:
    """And else to all of them."""
    created = api.create()
    activity = {
        "message_id": "m1",
        "type": "message.created",
        "occurred_at": "2026-11-24T10:00:00.000Z",
    }
    path = f"/conversations/{created['id']}/activity"
    commands.forget()
    assert messages.post(path, {**activity, "user_id": api.user_id}).status == 200
    assert all(_is_targeted(each) for each in commands.sent)
    commands.forget()
    assert messages.post(path, {**activity, "message_id": "m2"}).status == 200
    assert not any(_is_targeted(each) for each in commands.sent)


def test_harvesting_asks_all_shards_for_what_waits_and_for_nothing_else(
    api: ApiClient, commands: CommandRecorder
) -> None:
    """What it finds it moves by the keys."""
    api.create()
    commands.forget()
    harvest_partition(partition_of(api.user_id), deadline=Deadline.after(5))
    broadcast = [each for each in commands.sent if not _is_targeted(each)]
    assert {tuple(each["filter"]) for each in broadcast} == {("partition", "pending_since")}
    assert len(commands.sent) > len(broadcast)


def _collection(command: Command) -> str:
    name: str = next(iter(command.values()))
    return name


def _is_targeted(command: Command) -> bool:
    """Whether each filter and each new document has the key's first field, by equality."""
    key = shard_keys().get(_collection(command))
    if key is None:
        return True
    values = [each.get(key[0]) for each in _documents(command)]
    return not any(value is None or isinstance(value, Mapping) for value in values)


def _documents(command: Command) -> list[Command]:
    """Return the filters of a command, or what it inserts."""
    name = next(iter(command))
    if name == "listIndexes":  # once in a process, whoever is first
        return []
    if name == "aggregate":
        return [command["pipeline"][0]["$match"]]
    found = command[FILTERS[name]]
    return [each.get("q", each) for each in found] if isinstance(found, list) else [found]
