"""Idempotency-Key on POST /conversations."""

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from pymongo.errors import AutoReconnect

from conversations import dependencies
from conversations.repository import conversations
from conversations.repository.database import collection
from tests.client import Answer, ApiClient
from tests.integration.api.test_concurrency import together

BODY = {"character_id": "ada", "title": "Once"}


def create(api: ApiClient, key: str, body: object = BODY) -> Answer:
    return api.post("/conversations", body, **{"Idempotency-Key": key})


def test_it_answers_a_repeat_as_the_first_time(api: ApiClient) -> None:
    """Same status, body, Location and ETag, even after an edit; one conversation, one event."""
    first = create(api, "k1")
    api.patch(first.json["id"], {"title": "Edited"})
    again = create(api, '"k1"', {"title": "Once", "character_id": "ada"})
    assert (again.status, again.json) == (201, first.json)
    for header in ("Location", "ETag", "Content-Type"):
        assert again.headers[header] == first.headers[header]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(api.titles()) == 1


def test_it_refuses_another_body(api: ApiClient) -> None:
    """422, and nothing is created."""
    create(api, "k1")
    answer = create(api, "k1", {"character_id": "borges"})
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert api.titles() == ["Once"]


def test_it_keeps_users_apart(api: ApiClient, other: ApiClient, admin: ApiClient) -> None:
    """The same key of another user is another key; so is an admin's for that user."""
    ids = {create(client, "k1").json["id"] for client in (api, other)}
    path = f"/conversations?user_id={api.user_id}"
    ids.add(admin.post(path, BODY, **{"Idempotency-Key": "k1"}).json["id"])
    assert len(ids) == 3


def test_it_does_not_keep_errors(api: ApiClient) -> None:
    """A key whose request failed can be used for the request done right."""
    assert create(api, "k1", {"character_id": "nobody"}).status == 422
    assert create(api, "k1", {"character_id": "ada", "title": "<"}).status == 400
    assert create(api, "k1").status == 201


@pytest.mark.parametrize("key", ["", " ", "é", "x" * 256, '""'])
def test_it_refuses_a_key_that_is_none(api: ApiClient, key: str) -> None:
    """400 naming the header."""
    answer = create(api, key)
    assert (answer.status, answer.faults) == (400, {"Idempotency-Key": "invalid"})
    assert api.titles() == []


def test_it_creates_once_however_many_send_at_once(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """16 at once: one creates, the others get its answer or 409, in every round."""
    for _ in range(5):
        key = uuid.uuid4().hex
        clients = [client_of(api.user_id) for _ in range(16)]
        answers = together(16, lambda number: create(clients[number], key))  # noqa: B023  # used at once
        by_status = Counter(answer.status for answer in answers)
        assert set(by_status) <= {201, 409}
        assert len({answer.json["id"] for answer in answers if answer.status == 201}) == 1
        assert all(
            answer.code == "idempotency_key_in_use" and answer.headers["Retry-After"]
            for answer in answers
            if answer.status == 409
        )
    assert len(api.titles()) == 5


@pytest.mark.parametrize("written", ["written", "lost"])
def test_it_takes_over_from_an_attempt_that_failed(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """503 the first time; then one conversation, whether or not the write had arrived."""
    insert = conversations.insert

    def fail(document: dict[str, object]) -> None:
        if written == "written":
            insert(document)
        raise AutoReconnect("the connection went away")

    with monkeypatch.context() as broken:
        broken.setattr(conversations, "insert", fail)
        assert create(api, "k1").status == 503
    again = create(api, "k1")
    assert again.status == 201
    assert create(api, "k1").json == again.json
    assert len(api.titles("?status=all")) == 1


def test_it_takes_over_from_a_process_that_died(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 while its lease lasts, then the conversation that it had written."""
    with monkeypatch.context() as broken:
        broken.setattr("conversations.api.idempotency.keep", lambda *_, **__: None)
        first = create(api, "k1")
    assert create(api, "k1").status == 409
    clock = dependencies.get().clock
    with dependencies.override(clock=lambda: clock() + timedelta(minutes=2)):
        assert create(api, "k1").json == first.json
    assert len(api.titles("?status=all")) == 1


def test_it_forgets_a_key_after_a_day(api: ApiClient) -> None:
    """Also where the database has not swept it yet."""
    first = create(api, "k1")
    clock = dependencies.get().clock
    with dependencies.override(clock=lambda: clock() + timedelta(hours=24, seconds=1)):
        assert create(api, "k1").json["id"] != first.json["id"]


def test_a_purge_takes_the_kept_answer_with_it(api: ApiClient) -> None:
    """No content outlives a purge."""
    created = create(api, "k1", {"character_id": "ada", "title": "Secret"})
    api.delete(created.json["id"], "?permanent=true")
    kept = list(collection("idempotency_keys").find({"answer.body.title": "Secret"}))
    assert kept == []
