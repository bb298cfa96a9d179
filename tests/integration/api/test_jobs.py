"""Jobs over HTTP: who sees them, and what can be done with them."""

from collections.abc import Callable

import pytest

from conversations.dependencies import utc_now
from conversations.repository.database import collection
from conversations.services.jobs.run import run_slice
from integrations.errors import UpstreamUnavailable
from tests.client import ApiClient
from tests.integration.jobs.working import start, stored_job, work

EVERY_CALL = [("GET", ""), ("POST", "/cancel")]
MEMBERS = {
    "id",
    "kind",
    "state",
    "progress",
    "result",
    "errors",
    "created_at",
    "finished_at",
}


def test_it_shows_a_job(api: ApiClient) -> None:
    """Queued, then as it ended."""
    job_id = start(api.user_id)
    job = api.get(f"/jobs/{job_id}").json
    assert set(job) == MEMBERS
    assert (job["kind"], job["state"], job["finished_at"]) == ("count_up", "queued", None)
    assert job["progress"] == {"done": 0, "total": None}
    work(job_id)
    job = api.get(f"/jobs/{job_id}").json
    assert (job["state"], job["result"]) == ("succeeded", {"sum": 6})
    assert job["errors"][0] == {"id": "1", "code": "odd", "detail": "An odd one."}
    assert job["finished_at"].endswith("Z")


@pytest.mark.parametrize(("method", "suffix"), EVERY_CALL)
def test_it_keeps_others_out(api: ApiClient, other: ApiClient, method: str, suffix: str) -> None:
    """403 for another's job, 404 for none, 401 without a token; nothing changes."""
    job_id = start(api.user_id)
    theirs = other.send(method, f"/jobs/{job_id}{suffix}")
    assert (theirs.status, theirs.code) == (403, "forbidden")
    for nothing in ("0" * 24, "xyz"):
        answer = other.send(method, f"/jobs/{nothing}{suffix}")
        assert (answer.status, answer.code) == (404, "not_found")
        assert answer.json["detail"] == "There is no such job."
    assert ApiClient(token=None).send(method, f"/jobs/{job_id}{suffix}").status == 401
    assert api.get(f"/jobs/{job_id}").json["state"] == "queued"


@pytest.mark.parametrize(("method", "suffix"), EVERY_CALL)
@pytest.mark.parametrize("query", ["", "?user_id={}"], ids=["by id alone", "naming the owner"])
def test_an_admin_sees_every_job(
    api: ApiClient, admin: ApiClient, method: str, suffix: str, query: str
) -> None:
    """Whoever started it; the scope is enough, and naming the owner does no harm."""
    job_id = start(api.user_id)
    answer = admin.send(method, f"/jobs/{job_id}{suffix}{query.format(api.user_id)}")
    assert answer.status == 200, answer.content


def test_an_admin_that_auth_cannot_vouch_for_sees_only_their_own(
    api: ApiClient, admin: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the Auth Service is away the scope is worth nothing."""
    theirs, own = start(api.user_id), start(admin.user_id)

    def away(**_call: object) -> None:
        raise UpstreamUnavailable(upstream="auth", reason="refused")

    monkeypatch.setattr("integrations.auth.AuthClient.introspect", lambda _self, **_call: away())
    assert admin.get(f"/jobs/{own}").status == 200
    refused = admin.get(f"/jobs/{theirs}")
    assert (refused.status, refused.code) == (503, "upstream_unavailable")


def test_it_lists_ones_own_newest_first(api: ApiClient, other: ApiClient) -> None:
    """Page by page, there and back, nobody else's among them."""
    started = [str(start(api.user_id)) for _ in range(5)]
    start(other.user_id)
    first = api.get("/jobs?limit=2").json
    second = api.get(f"/jobs?limit=2&cursor={first['next_cursor']}").json
    third = api.get(f"/jobs?limit=2&cursor={second['next_cursor']}").json
    pages = [page["results"] for page in (first, second, third)]
    assert [job["id"] for page in pages for job in page] == started[::-1]
    assert third["next"] is None
    assert first["previous"] is None
    back = api.get(f"/jobs?limit=2&cursor={second['previous_cursor']}").json
    assert back["results"] == first["results"]
    assert first["next"].endswith(first["next_cursor"])
    assert first["count"] is None


def test_it_filters_by_kind_and_state(api: ApiClient) -> None:
    """A cursor belongs to its filters."""
    done, waiting = start(api.user_id), start(api.user_id)
    work(done)
    assert [job["id"] for job in api.get("/jobs?state=succeeded").json["results"]] == [str(done)]
    assert [job["id"] for job in api.get("/jobs?state=queued").json["results"]] == [str(waiting)]
    assert len(api.get("/jobs?kind=count_up").json["results"]) == 2
    assert api.get("/jobs?kind=other").json["results"] == []
    assert api.get(f"/jobs?kind={'x' * 64}").json["results"] == []
    cursor = api.get("/jobs?limit=1").json["next_cursor"]
    assert api.get(f"/jobs?kind=count_up&cursor={cursor}").faults == {"cursor": "invalid_cursor"}


@pytest.mark.parametrize(
    "query",
    [
        *("state=done", "limit=0", "pagination=offset", "cursor=x"),
        *("kind=", "kind=Count", "kind=1st", "kind=a%0A", "kind=%F0%9F%98%80", f"kind={'x' * 65}"),
    ],
)
def test_it_refuses_what_it_does_not_know(api: ApiClient, query: str) -> None:
    """400, naming the parameter."""
    answer = api.get(f"/jobs?{query}")
    assert answer.status == 400
    assert list(answer.faults) == [query.partition("=")[0]]


def test_an_admin_lists_a_users_jobs(api: ApiClient, admin: ApiClient, other: ApiClient) -> None:
    """By ?user_id=, which without the scope is refused."""
    job_id = start(api.user_id)
    listed = admin.get(f"/jobs?user_id={api.user_id}").json["results"]
    assert [job["id"] for job in listed] == [str(job_id)]
    assert admin.get("/jobs").json["results"] == []
    assert other.get(f"/jobs?user_id={api.user_id}").code == "insufficient_scope"


def test_a_job_that_has_not_begun_is_cancelled_at_once(api: ApiClient) -> None:
    """200, and again: it stays as it is, and no worker takes it up."""
    job_id = start(api.user_id)
    first = api.post(f"/jobs/{job_id}/cancel")
    assert (first.status, first.json["state"]) == (200, "cancelled")
    assert api.post(f"/jobs/{job_id}/cancel").json == first.json
    assert not run_slice(job_id=job_id, clock=utc_now)
    assert api.get(f"/jobs/{job_id}").json == first.json


def test_one_of_a_kind_that_only_newer_releases_know_can_be_cancelled(api: ApiClient) -> None:
    """Of what it was to work on, nothing is kept: it may have been private."""
    job_id = start(api.user_id)
    collection("jobs").update_one({"_id": job_id}, {"$set": {"kind": "from_tomorrow"}})
    answer = api.post(f"/jobs/{job_id}/cancel")
    assert (answer.status, answer.json["state"]) == (200, "cancelled")
    assert "arguments" not in stored_job(job_id)


def test_one_that_runs_is_cancelled_soon(api: ApiClient) -> None:
    """202, and again, until a worker has ended it."""
    job_id = start(api.user_id)
    collection("jobs").update_one({"_id": job_id}, {"$set": {"state": "running"}})
    for _ in range(2):
        answer = api.post(f"/jobs/{job_id}/cancel")
        assert (answer.status, answer.json["state"]) == (202, "cancelling")
        assert answer.headers["Location"].endswith(f"/api/v1/jobs/{job_id}")
    work(job_id)
    assert api.post(f"/jobs/{job_id}/cancel").json["state"] == "cancelled"


@pytest.mark.parametrize("trouble", [{}, {"1": "crash"}], ids=["succeeded", "failed"])
def test_one_that_has_ended_cannot_be_cancelled(api: ApiClient, trouble: dict[str, str]) -> None:
    """409: who cancels must know that it was too late."""
    job_id = start(api.user_id, trouble=trouble)
    state = work(job_id)["state"]
    answer = api.post(f"/jobs/{job_id}/cancel")
    assert (answer.status, answer.code) == (409, "state_conflict")
    assert answer.json["detail"] == f"Cannot cancel a job that is {state}."


def test_cancelling_takes_no_body(api: ApiClient) -> None:
    """As all actions without one."""
    assert api.post(f"/jobs/{start(api.user_id)}/cancel", {"now": True}).status == 400


@pytest.mark.parametrize("user_id", ["me", "a b", "x" * 129])
def test_nobody_can_be_erased_who_cannot_be_a_user(admin: ApiClient, user_id: str) -> None:
    """404, as for any malformed id; and no job is left behind."""
    answer = admin.send("DELETE", f"/users/{user_id}/data")
    assert (answer.status, answer.code) == (404, "not_found")
    assert admin.get("/jobs").json["results"] == []


def test_only_an_admin_erases(api: ApiClient, client_of: Callable[..., ApiClient]) -> None:
    """Not even themselves does anybody else; another scope is none."""
    for client in (api, client_of(api.user_id, scope="conversations:activity")):
        answer = client.send("DELETE", f"/users/{api.user_id}/data")
        assert (answer.status, answer.code) == (403, "insufficient_scope")
        assert 'scope="conversations:admin"' in answer.headers["WWW-Authenticate"]


def test_it_answers_an_erasure_with_its_job(api: ApiClient, admin: ApiClient) -> None:
    """202, and where to look for it."""
    answer = admin.send("DELETE", f"/users/{api.user_id}/data")
    assert answer.status == 202
    assert set(answer.json) == MEMBERS
    assert answer.json["kind"] == "erase_user_data"
    path = answer.headers["Location"].partition("/api/v1")[2]
    assert admin.get(path).json == answer.json
    assert api.get(path).status == 403
