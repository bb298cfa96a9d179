"""Erasure: nothing about a user stays, whatever dies on the way."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from bson import ObjectId

from conversations.caller import system_caller
from conversations.dependencies import utc_now
from conversations.document import partition_of
from conversations.events.envelope import user_erased
from conversations.repository import conversations
from conversations.repository.database import Document, collection
from conversations.services import erasure
from conversations.services.harvest import harvest_user
from conversations.services.jobs.cancel import cancel_job
from tests.client import ApiClient
from tests.doubles.dying_runner import DyingRunner, dying_runner
from tests.factories import ConversationDocumentFactory
from tests.integration.jobs.working import let_the_lease_run_out, start, stored_job, work


@pytest.fixture(scope="module")
def runner(database: None) -> Iterator[DyingRunner]:
    with dying_runner() as running:
        yield running


def secret(user_id: str) -> str:
    """Return a word that nothing but this user's content has."""
    return user_id[::-1]


def live(api: ApiClient) -> None:
    """Leave a trace everywhere: each state, the log, kept answers, jobs."""
    word = secret(api.user_id)
    created = [api.create(title=f"{word} {number}", tags=[word]) for number in range(3)]
    assert api.post(f"/conversations/{created[1]['id']}/archive").status == 200
    assert api.delete(created[2]["id"]).status == 204
    harvest_user(api.user_id)
    api.patch(created[0]["id"], {"settings": {"system_prompt": word}})
    ConversationDocumentFactory.create(
        user_id=api.user_id, title=f"{word} expired", expires_at=utc_now() - timedelta(days=1)
    )
    gone = api.create(title=f"{word} gone")
    assert api.delete(gone["id"], "?permanent=true").status == 204
    body = {"character_id": "ada", "title": f"{word} by key"}
    assert api.post("/conversations", body, **{"Idempotency-Key": word}).status == 201
    work(start(api.user_id))
    start(api.user_id)


def ask(admin: ApiClient, user_id: str) -> ObjectId:
    """Ask for the erasure; return the job's id."""
    answer = admin.send("DELETE", f"/users/{user_id}/data")
    assert answer.status == 202, answer.content
    return ObjectId(answer.json["id"])


def test_it_takes_no_other_user_beside_the_one_in_the_path(admin: ApiClient, user_id: str) -> None:
    """A second user would be a mistake, and this cannot be undone: nothing is started."""
    answer = admin.send("DELETE", f"/users/{user_id}/data?user_id=other")
    assert (answer.status, answer.faults) == (400, {"user_id": "unknown_parameter"})
    assert admin.get("/jobs").json["results"] == []


def erased_by(actor: str, user_id: str) -> ObjectId:
    """Start an erasure without a request."""
    caller = system_caller(actor=actor, owner=actor, seconds=10)
    job = erasure.start_erasure(user_id=user_id, caller=caller, now=utc_now())
    return ObjectId(job["_id"])


def found(words: str) -> dict[str, list[Document]]:
    """Return every document of every collection that has the words in it, as it is stored."""
    database = collection("jobs").database
    rows = {
        name: [row for row in database[name].find() if re.search(words, repr(row))]
        for name in database.list_collection_names()
    }
    return {name: matching for name, matching in rows.items() if matching}


def events_of(user_id: str) -> list[Document]:
    rows = collection("conversation_events").find({"partition": partition_of(user_id)})
    ours = [row for row in rows if row["event"]["user_id"] == user_id]
    return sorted(ours, key=lambda row: row["position"])


def test_it_leaves_nothing_but_what_consumers_must_still_hear(
    api: ApiClient, other: ApiClient, admin: ApiClient
) -> None:
    """No content anywhere; the id in the emptied rows of the log alone, and those are marked."""
    live(api)
    live(other)
    job = work(ask(admin, api.user_id))
    assert job["state"] == "succeeded"
    left = found(api.user_id)
    assert set(left) == {"conversation_events"}
    *emptied, announcement = events_of(api.user_id)
    assert len(left["conversation_events"]) == len(emptied) + 1
    assert {row["event"]["data"] for row in emptied} == {None}
    assert all(row["erased"] and row["erased_at"] for row in emptied)
    assert announcement["event"]["event_type"] == "user.erased"
    assert not announcement.get("erased")
    assert found(secret(api.user_id)) == {}
    assert set(found(secret(other.user_id))) == {
        "conversations",
        "conversation_events",
        "idempotency_keys",
    }


def test_the_receipt_counts_and_names_nobody(api: ApiClient, admin: ApiClient) -> None:
    """Nor does the job that it is in, once it has ended."""
    live(api)
    job = work(ask(admin, api.user_id))
    shown = admin.get(f"/jobs/{job['_id']}").json
    assert set(shown["result"]) == {"receipt_id", "erased_at", "erased"}
    assert shown["result"]["erased"] == {
        "conversations": 6,
        "events": sum(row["event"]["actor"] == api.user_id for row in events_of(api.user_id)),
        "idempotency_keys": 1,
        "jobs": 2,
    }
    assert shown["progress"] == {"done": 6, "total": 6}
    assert api.user_id not in repr(job)
    assert not {"arguments", "cursor", "exclusive", "actor", "trace_id"} & job.keys()


def test_each_conversation_is_announced_then_the_user(api: ApiClient, admin: ApiClient) -> None:
    """By the admin who asked for it, without content, once each, the user last."""
    live(api)
    ours = {"user_id": api.user_id, "status": {"$ne": "purged"}}
    ids = {str(row["_id"]) for row in collection("conversations").find(ours)}
    work(ask(admin, api.user_id))
    events = [row["event"] for row in events_of(api.user_id)]
    purged = [each for each in events if each["event_type"] == "conversation.purged"]
    by_admin = [each["conversation_id"] for each in purged if each["actor"] == admin.user_id]
    assert sorted(by_admin) == sorted(ids)
    last = events[-1]
    assert (last["event_type"], last["actor"]) == ("user.erased", admin.user_id)
    assert (last["conversation_id"], last["sequence"], last["data"]) == (None, None, None)
    assert [each["event_type"] for each in events].count("user.erased") == 1


def test_a_second_request_meanwhile_gets_the_same_job(
    api: ApiClient, admin: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """From any admin, until it has ended; then it is another erasure."""
    api.create()
    first = ask(admin, api.user_id)
    second_admin = client_of(f"admin-{uuid.uuid4().hex[:8]}", scope="conversations:admin")
    assert ask(second_admin, api.user_id) == first
    assert ask(admin, f"{api.user_id}-2") != first
    work(first)
    again = ask(admin, api.user_id)
    assert again != first
    assert work(again)["result"]["erased"]["conversations"] == 0


def test_a_user_of_whom_nothing_is_known_is_announced_too(admin: ApiClient, user_id: str) -> None:
    """Others may hold something."""
    assert work(ask(admin, user_id))["state"] == "succeeded"
    [row] = events_of(user_id)
    assert row["event"]["event_type"] == "user.erased"


def test_what_is_written_meanwhile_goes_too(
    api: ApiClient, admin: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token can be good for a while yet: another round, and another announcement after it."""
    writes = iter(range(2))

    def write_first(**arguments: Any) -> dict[str, Any]:
        if next(writes, None) is not None:
            api.create(title=secret(api.user_id))
        return user_erased(**arguments)

    monkeypatch.setattr(erasure, "user_erased", write_first)
    api.create()
    job = work(ask(admin, api.user_id))
    assert job["state"] == "succeeded"
    assert job["result"]["erased"]["conversations"] == 3
    assert set(found(api.user_id)) == {"conversation_events"}
    assert found(secret(api.user_id)) == {}
    events = events_of(api.user_id)
    assert events[-1]["event"]["event_type"] == "user.erased"
    assert all(row["erased"] for row in events[:-1])


def test_a_user_who_never_stops_fails_it_with_advice(
    api: ApiClient, admin: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokens must be revoked first; the job keeps no id of the user all the same."""
    ids_of = conversations.ids_of

    def write(user_id: str, *, limit: int) -> list[Any]:
        ConversationDocumentFactory.create(user_id=user_id)
        return ids_of(user_id, limit=limit)

    monkeypatch.setattr(conversations, "ids_of", write)
    job = work(ask(admin, api.user_id))
    assert job["state"] == "failed"
    assert [error["code"] for error in job["errors"]] == ["still_written"]
    assert api.user_id not in repr(job)


def test_a_cancelled_one_forgets_whom_it_was_about(api: ApiClient, admin: ApiClient) -> None:
    """However it ends."""
    api.create()
    job_id = ask(admin, api.user_id)
    cancel_job(job_id=job_id, owner=None, now=utc_now())
    job = stored_job(job_id)
    assert job["state"] == "cancelled"
    assert api.user_id not in repr(job)


def test_an_admin_who_erases_themselves_leaves_no_trace_in_the_job(admin: ApiClient) -> None:
    """Not as its owner either; as an admin they see it all the same."""
    admin.create()
    job = work(ask(admin, admin.user_id))
    assert job["state"] == "succeeded"
    assert admin.user_id not in repr(job)
    assert admin.get(f"/jobs/{job['_id']}").status == 200


def test_it_survives_the_death_of_its_worker_at_any_moment(
    runner: DyingRunner, user_id: str
) -> None:
    """Before each of its commands: all is gone, each event is there once, the count is right."""
    for moment in count(1):
        erased = owning(f"{user_id}-{moment}")
        job_id = erased_by("admin", erased)
        if not runner.run(job_id, die_at=moment)[0]:
            break
        let_the_lease_run_out(job_id)
        job = work(job_id)
        assert job["state"] == "succeeded", (moment, job)
        rows = events_of(erased)
        types = [row["event"]["event_type"].partition(".")[2] for row in rows]
        assert types == ["created", "purged", "erased"], moment
        assert job["result"]["erased"] == {
            "conversations": 1,
            "events": 1,
            "idempotency_keys": 1,
            "jobs": 1,
        }, moment
        assert job["progress"] == {"done": 1, "total": 1}
    assert moment > 25
    left = found(user_id)
    assert set(left) == {"conversation_events"}
    assert {row["event"]["data"] for row in left["conversation_events"]} == {None}


def owning(user_id: str) -> str:
    """Give a user one of everything, by the shortest way; return the user."""
    document = ConversationDocumentFactory.build(user_id=user_id)
    event = {
        "event_id": uuid.uuid4().hex,
        "event_type": "conversation.created",
        "conversation_id": str(document["_id"]),
        "user_id": user_id,
        "sequence": 1,
        "timestamp": "2026-11-24T10:00:00.000Z",
        "data": {"title": secret(user_id)},
    }
    waiting = {"pending_events": [event], "pending_since": document["created_at"]}
    collection("conversations").insert_one({**document, **waiting})
    key = {"_id": f"{user_id} key", "user_id": user_id, "created_at": utc_now()}
    collection("idempotency_keys").insert_one({**key, "conversation_id": ObjectId()})
    start(user_id)
    return user_id
