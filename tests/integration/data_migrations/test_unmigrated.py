"""Imported documents that wait for their migration are unseen, and break nothing."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from conversations.caller import system_caller
from conversations.dependencies import utc_now
from conversations.repository.database import Document, collection
from conversations.services.erasure import start_erasure
from tests.client import Answer, ApiClient
from tests.integration.data_migrations.former import import_documents, old_document
from tests.integration.jobs.working import work

ORDERINGS = ["-last_activity", "last_activity", "-created_at", "created_at", "title", "-title"]
PATH = "/conversations"


def odd_documents(user_id: str, *, each: int) -> list[Document]:
    """Return imported documents whose sort values are fit, of other types, or not there."""
    return [
        document
        for _ in range(each)
        for document in (
            old_document(user_id),
            old_document(user_id, created_at=1.7e9, metadata={"last_activity": 1.7e9}),
            old_document(user_id, created_at="2024", metadata={"last_activity": "2024"}),
            old_document(user_id, version=3, without=("metadata",)),
            old_document(user_id, created_at=None, metadata=None),
            old_document(user_id, without=("created_at", "metadata", "tags", "title")),
        )
    ]


def pages(api: ApiClient, query: str) -> Iterator[dict[str, Any]]:
    """Yield all rows of a list, page by page."""
    url: str | None = f"{PATH}?{query}"
    while url:
        answer = api.get(url)
        assert answer.status == 200, answer.content
        yield from answer.json["results"]
        cursor = answer.json["next_cursor"]
        url = f"{PATH}?{query}&cursor={cursor}" if cursor else None


def test_a_list_shows_the_others_in_full(api: ApiClient) -> None:
    """However many there are, and wherever they sort."""
    import_documents(*odd_documents(api.user_id, each=2))
    created = {api.create(title=f"Number {number}")["id"] for number in range(3)}
    for ordering, limit in product(ORDERINGS, (1, 20)):
        found = [row["id"] for row in pages(api, f"ordering={ordering}&limit={limit}")]
        assert len(found) == 3, (ordering, limit)
        assert set(found) == created, (ordering, limit)


def test_a_list_by_offset_counts_the_others_alone(api: ApiClient) -> None:
    """As the rows that it shows."""
    import_documents(*odd_documents(api.user_id, each=2))
    created = api.create()
    body = api.get(f"{PATH}?pagination=offset").json
    assert [row["id"] for row in body["results"]] == [created["id"]]
    assert body["count"] == 1


CALLS: dict[str, Callable[[ApiClient, str], Answer]] = {
    "get": lambda api, it: api.get(f"{PATH}/{it}"),
    "history": lambda api, it: api.get(f"{PATH}/{it}/history"),
    "patch": lambda api, it: api.patch(it, {"pinned": True}),
    "archive": lambda api, it: api.post(f"{PATH}/{it}/archive"),
    "delete": lambda api, it: api.delete(it),
    "purge": lambda api, it: api.delete(it, "?permanent=true"),
}


@pytest.mark.parametrize("name", CALLS)
def test_one_is_not_found(api: ApiClient, name: str) -> None:
    """And not touched."""
    document = old_document(api.user_id)
    [conversation_id] = import_documents(document)
    assert CALLS[name](api, conversation_id).status == 404
    assert collection("conversations").find_one({"_id": document["_id"]}) == document


def test_nobody_else_learns_of_it(api: ApiClient, other: ApiClient) -> None:
    """404, not 403: it is not there yet."""
    [conversation_id] = import_documents(old_document(api.user_id))
    assert other.get(f"{PATH}/{conversation_id}").status == 404


def test_activity_does_not_reach_it(api: ApiClient, messages: ApiClient) -> None:
    """The Message Service is told that there is no such conversation."""
    document = old_document(api.user_id)
    [conversation_id] = import_documents(document)
    body = {"type": "message.created", "message_id": "m1", "occurred_at": "2026-01-01T00:00:00Z"}
    assert messages.post(f"{PATH}/{conversation_id}/activity", body).status == 404
    assert collection("conversations").find_one({"_id": document["_id"]}) == document


def test_an_export_leaves_it_out(api: ApiClient) -> None:
    """It is whole all the same."""
    import_documents(*odd_documents(api.user_id, each=1))
    created = api.create()
    lines = api.get("/users/me/export").content.decode().splitlines()
    assert sum('"type":"conversation"' in line for line in lines) == 1
    assert created["id"] in lines[1]
    assert '"type":"end"' in lines[-1]


def test_an_erasure_takes_along_what_looks_migrated_but_is_odd(api: ApiClient) -> None:
    """Left by others with a partition of their own, or mended by hand to something else."""
    created = api.create()
    import_documents(
        old_document(api.user_id, partition="3"),
        old_document(api.user_id, partition=3, version=1),
        old_document(api.user_id, partition=3, without=("status", "created_at")),
        old_document(api.user_id, _id=f"{api.user_id} 1"),
    )
    caller = system_caller(actor="system:test", owner="", seconds=30)
    finished = work(start_erasure(user_id=api.user_id, caller=caller, now=utc_now())["_id"])
    assert finished["state"] == "succeeded", finished["errors"]
    assert collection("conversations").count_documents({"user_id": api.user_id}) == 0
    feed = api.get("/events").json["results"]
    assert [event["conversation_id"] for event in feed if event["conversation_id"]] == [
        created["id"]
    ] * 2


def test_an_erasure_takes_it_along(api: ApiClient) -> None:
    """It is held about the user, seen or not."""
    import_documents(*odd_documents(api.user_id, each=1))
    api.create()
    caller = system_caller(actor="system:test", owner="", seconds=30)
    job = start_erasure(user_id=api.user_id, caller=caller, now=utc_now())
    finished = work(job["_id"])
    assert finished["state"] == "succeeded"
    assert finished["result"]["erased"]["conversations"] == 7
    assert collection("conversations").count_documents({"user_id": api.user_id}) == 0
