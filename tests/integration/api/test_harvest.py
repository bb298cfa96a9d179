"""Events that become too many for their document move to the log."""

from collections.abc import Callable
from typing import Any

from conversations.document import partition_of
from conversations.repository.database import collection
from conversations.services.harvest import MOST_PENDING, harvest
from tests.client import ApiClient
from tests.integration.api.test_concurrency import together
from tests.stored import stored


def logged(user_id: str) -> list[dict[str, Any]]:
    """Return the log's rows of a user, by position."""
    rows = collection("conversation_events").find({"partition": partition_of(user_id)})
    return [
        row
        for row in sorted(rows, key=lambda row: row["position"])
        if row["event"]["user_id"] == user_id
    ]


def rename(api: ApiClient, conversation_id: str, times: int) -> None:
    for number in range(times):
        assert api.patch(conversation_id, {"title": f"{number} of {times}"}).status == 200


def test_a_document_never_holds_many_events(api: ApiClient) -> None:
    """However often it is edited: the older ones are in the log, in order, each once."""
    created = api.create()
    rename(api, created["id"], MOST_PENDING + 20)
    document = stored(api.user_id)
    waiting = [event["sequence"] for event in document["pending_events"]]
    in_log = [row["event"]["sequence"] for row in logged(api.user_id)]
    assert in_log + waiting == list(range(1, MOST_PENDING + 22))
    assert len(waiting) < MOST_PENDING


def test_a_purge_empties_the_log_and_removes_the_shell(api: ApiClient) -> None:
    """What the log has of it keeps no content, and `conversation.purged` is its end."""
    created = api.create(title="Secret")
    rename(api, created["id"], MOST_PENDING)
    api.delete(created["id"], "?permanent=true")
    rows = logged(api.user_id)
    assert len(rows) == MOST_PENDING + 2
    assert {row["event"]["data"] for row in rows} == {None}
    assert rows[-1]["event"]["event_type"] == "conversation.purged"
    assert collection("conversations").count_documents({"user_id": api.user_id}) == 0


def test_many_harvesters_write_each_event_once(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Late and early ones, of several conversations of one partition: positions stay dense."""
    for _ in range(3):
        rename(api, api.create()["id"], 5)
    documents = list(collection("conversations").find({"user_id": api.user_id}))
    together(9, lambda number: harvest(documents[number % 3]))
    rows = logged(api.user_id)
    assert len(rows) == len({row["event_id"] for row in rows}) == 18
    for document in documents:
        mine = [
            row["event"] for row in rows if row["event"]["conversation_id"] == str(document["_id"])
        ]
        assert [event["sequence"] for event in mine] == list(range(1, 7))
    # From the first of these rows on: older ones may have been compacted away.
    first = min(row["position"] for row in rows)
    partition = collection("conversation_events").find({"partition": partition_of(api.user_id)})
    positions = sorted(row["position"] for row in partition if row["position"] >= first)
    assert positions == list(range(first, first + len(positions)))
    left = list(collection("conversations").find({"user_id": api.user_id}))
    assert [document["pending_events"] for document in left] == [[], [], []]
    assert not any("pending_since" in document for document in left)
