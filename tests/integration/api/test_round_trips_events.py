"""What reading events costs the database."""

from typing import Any

from conversations.services.harvest import harvest_user
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.integration.api.test_feed import end_of, page_of, read_on
from tests.integration.api.test_round_trips import serving


def finds(commands: CommandRecorder) -> list[tuple[str, dict[str, Any]]]:
    """Return what was sent, all of it finds that leave no cursor open: collections and commands."""
    sent = [(command["find"], command) for command in commands.sent]
    for _, find in sent:
        assert find.get("singleBatch") or find.get("batchSize", 101) >= find.get("limit", 16)
    commands.forget()
    return sent


def collections(commands: CommandRecorder) -> list[str]:
    return [name for name, _ in finds(commands)]


def test_it_reads_a_history_by_two_finds(api: ApiClient, commands: CommandRecorder) -> None:
    """The document first, for an event leaves it only once it is in the log."""
    conversation = api.create()
    api.patch(conversation["id"], {"title": "New"})
    commands.forget()
    path = f"/conversations/{conversation['id']}/history?limit=1"
    older = api.get(path).json["next_cursor"]
    newer = api.get(f"{path}&cursor={older}").json["previous_cursor"]
    api.get(f"{path}&cursor={newer}")
    sent = finds(commands)
    assert [name for name, _ in sent] == ["conversations", "conversation_events"] * 3
    for _, find in sent[1::2]:
        assert serving(find) == ["by_conversation"]
        assert find["limit"] == 2


def test_it_polls_ones_own_feed_by_two_finds(api: ApiClient, commands: CommandRecorder) -> None:
    """Where nothing is new: what waits, and how far the log goes."""
    page = page_of(api)
    commands.forget()
    read_on(api, page)
    sent = finds(commands)
    assert [name for name, _ in sent] == ["conversations", "outbox"]
    assert serving(sent[0][1]) == ["by_waiting"]
    assert sent[1][1]["filter"].keys() == {"_id"}


def test_it_reads_ones_own_feed_by_four_finds(api: ApiClient, commands: CommandRecorder) -> None:
    """The rows, and after them whether all since the place are kept."""
    page = page_of(api)
    api.create()
    harvest_user(api.user_id)
    commands.forget()
    read_on(api, page, "&limit=7")
    sent = finds(commands)
    assert [name for name, _ in sent] == [
        *("conversations", "outbox", "conversation_events", "outbox")
    ]
    assert serving(sent[2][1]) == ["by_user"]
    assert sent[2][1]["limit"] == 8


def test_it_polls_everybodys_feed_by_one_find(admin: ApiClient, commands: CommandRecorder) -> None:
    """How far each partition goes: sixteen small documents."""
    page = end_of(admin)
    commands.forget()
    read_on(admin, page)
    assert collections(commands) == ["outbox"]


def test_it_reads_only_partitions_with_news(
    api: ApiClient, admin: ApiClient, commands: CommandRecorder
) -> None:
    """One find for the one that has some, whatever the limit."""
    page = end_of(admin)
    api.create()
    harvest_user(api.user_id)
    commands.forget()
    read_on(admin, page, "&limit=500")
    sent = finds(commands)
    assert [name for name, _ in sent] == ["outbox", "conversation_events", "outbox"]
    assert serving(sent[1][1]) == ["by_position"]
