"""Everything that is held about a user, streamed."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pymongo.errors import AutoReconnect

from conversations.api import ndjson
from conversations.dependencies import utc_now
from conversations.repository import conversations, log
from conversations.repository.database import collection
from conversations.services.export import BATCH
from tests.client import Answer, ApiClient, token_for
from tests.commands import CommandRecorder
from tests.factories import ConversationDocumentFactory
from tests.integration.jobs.working import start, work

URL = "/users/me/export"


def lines(answer: Answer) -> list[dict[str, Any]]:
    """Return what an export says."""
    assert answer.status == 200, answer.content
    return [json.loads(line) for line in answer.content.splitlines()]


def of_type(name: str, exported: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {member: value for member, value in line.items() if member != "type"}
        for line in exported
        if line["type"] == name
    ]


def test_it_is_what_the_api_shows(api: ApiClient) -> None:
    """Each conversation in full, the trash and the archive included; each event; each job."""
    created = [api.create(title=f"Number {number}") for number in range(3)]
    api.post(f"/conversations/{created[1]['id']}/archive")
    api.delete(created[2]["id"])
    api.post("/conversations", {"character_id": "ada"}, **{"Idempotency-Key": "k"})
    work(start(api.user_id))
    exported = lines(api.get(URL))
    shown = api.get("/conversations?status=all&view=full&ordering=created_at").json["results"]
    assert of_type("conversation", exported) == shown
    assert of_type("event", exported) == api.get("/events").json["results"]
    assert of_type("job", exported) == api.get("/jobs").json["results"]
    [key] = of_type("idempotency_key", exported)
    assert key["conversation_id"] == shown[-1]["id"]


def test_it_begins_with_a_header_and_ends_with_a_count(api: ApiClient) -> None:
    """So that whoever has it knows what it is, and that it is whole."""
    api.create()
    answer = api.get(URL)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "Content-Length" not in answer.headers
    header, *between, end = lines(answer)
    assert header["type"] == "header"
    assert header["user_id"] == api.user_id
    assert end == {"type": "end", "count": len(between)}
    assert len(between) == 2


def test_of_nobody_known_it_is_empty(api: ApiClient) -> None:
    """A header and an end."""
    assert [line["type"] for line in lines(api.get(URL))] == ["header", "end"]


def test_it_is_about_the_caller_alone(api: ApiClient, other: ApiClient, admin: ApiClient) -> None:
    """An admin may name somebody else."""
    api.create(title="Mine")
    other.create(title="Theirs")
    assert [each["title"] for each in of_type("conversation", lines(api.get(URL)))] == ["Mine"]
    named = lines(admin.get(f"{URL}?user_id={other.user_id}"))
    assert [each["title"] for each in of_type("conversation", named)] == ["Theirs"]
    assert api.get(f"{URL}?user_id={other.user_id}").code == "insufficient_scope"
    assert ApiClient(token=None).get(URL).status == 401


def test_what_is_hidden_from_every_answer_is_not_in_it(api: ApiClient) -> None:
    """Expired or purged: gone, as far as anybody is told."""
    past = utc_now() - timedelta(days=1)
    ConversationDocumentFactory.create(user_id=api.user_id, expires_at=past)
    api.delete(api.create()["id"], "?permanent=true")
    assert of_type("conversation", lines(api.get(URL))) == []


@pytest.mark.parametrize("accept", ["*/*", "application/x-ndjson", "application/json"])
def test_it_can_be_asked_for_by_its_media_type(api: ApiClient, accept: str) -> None:
    """Or by none."""
    assert api.get(URL, Accept=accept).status == 200
    assert api.get(URL, Accept="text/html").status == 406


def test_a_large_one_is_read_in_bounded_batches(api: ApiClient, commands: CommandRecorder) -> None:
    """Each by one find from where the last ended: nothing is skipped, and no cursor stays open."""
    number = 4 * BATCH + 1
    documents = [
        ConversationDocumentFactory.build(user_id=api.user_id, title=f"{index}")
        for index in range(number)
    ]
    collection("conversations").insert_many(documents)
    api.get("/conversations?limit=1")
    commands.forget()
    exported = lines(api.get(URL))
    assert len(of_type("conversation", exported)) == number
    finds = [each for each in commands.sent if each.get("find") == "conversations"]
    batches = [each for each in finds if each.get("limit") == BATCH]
    assert len(batches) == 5
    assert all(each["batchSize"] >= BATCH for each in batches)
    assert list(batches[1]["filter"]) == ["user_id", "_id"]
    assert "getMore" not in commands.names
    assert len(commands.names) < 5 + 8


def opened(user_id: str) -> Any:
    """Return an answer whose lines are still to be read."""
    token = token_for(user_id)
    return Client().get("/api/v1" + URL, headers={"Authorization": f"Bearer {token}"})


def failing_from(call: int, reads: Callable[..., Any], error: Exception) -> Callable[..., Any]:
    """Return `reads`, whose nth call and those after it fail."""
    calls = iter(range(1, 1000))

    def read(**arguments: Any) -> Any:
        if next(calls) >= call:
            raise error
        return reads(**arguments)

    return read


@pytest.mark.parametrize(
    ("error", "code"),
    [(AutoReconnect("away"), "database_unavailable"), (ZeroDivisionError(), "internal_error")],
    ids=["database", "bug"],
)
def test_one_that_breaks_off_says_so_and_has_no_end(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    """The status was sent long ago: the last line is all that is left to tell it by."""
    api.create()
    monkeypatch.setattr(log, "rows_after", failing_from(1, log.rows_after, error))
    *_, last = lines(api.get(URL))
    assert (last["type"], last["code"]) == ("error", code)


def test_one_that_cannot_begin_is_a_problem(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, as from any other call."""
    failing = failing_from(1, conversations.find_after, AutoReconnect("away"))
    monkeypatch.setattr(conversations, "find_after", failing)
    answer = api.get(URL)
    assert (answer.status, answer.code) == (503, "database_unavailable")


@pytest.fixture
def all_slots_taken(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Return as many exports, begun and not read, as one process streams."""
    answers = [opened(api.user_id) for _ in range(ndjson.at_once())]
    yield answers
    for answer in answers:
        answer.close()


def test_only_some_are_streamed_at_a_time(api: ApiClient, all_slots_taken: list[Any]) -> None:
    """503 with Retry-After past that; one that ends, or is given up, makes room."""
    refused = api.get(URL)
    assert (refused.status, refused.code) == (503, "too_many_exports")
    assert int(refused.headers["Retry-After"]) > 0
    all_slots_taken[0].close()
    assert api.get(URL).status == 200
    assert api.get(URL).status == 200
