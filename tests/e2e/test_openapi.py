"""Real answers, held against what the OpenAPI document promises of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pymongo
import pytest
import requests
from bson import ObjectId
from pymongo.database import Database

from tests.activities import told
from tests.e2e.documented import Check, check_against
from tests.e2e.live import LiveService

URL = "/api/v1/conversations"
ONE = f"{URL}/{{id}}"
JSON = "application/json"
EXPORT = "/api/v1/users/me/export"


@pytest.fixture(scope="module")
def document(service: LiveService) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/api/schema").json()
    return found


@contextmanager
def stored(service: LiveService) -> Iterator[Database[dict[str, Any]]]:
    """Yield the service's database."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(service.env["MONGODB_URL"])
    with client:
        yield client[service.env["MONGODB_DATABASE"]]


@pytest.fixture
def checked(document: dict[str, Any]) -> Check:
    """Return a function that checks an answer, and returns its body."""
    return check_against(document)


def test_the_life_of_a_conversation_is_as_documented(
    service: LiveService, token: str, checked: Check
) -> None:
    """Every operation's good answer, with its headers."""
    send = service.request
    body = {"character_id": "ada", "tags": ["a"], "settings": {"temperature": 0.5}}
    created = checked(send("POST", URL, token=token, json=body), URL, "post")
    url = f"{URL}/{created['id']}"
    answer = service.get(url, token=token)
    checked(answer, ONE, "get")
    unmodified = service.get(url, token=token, If_None_Match=answer.headers["ETag"])
    assert unmodified.status_code == 304
    checked(unmodified, ONE, "get")
    checked(send("PATCH", url, token=token, json={"title": "New"}), ONE, "patch")
    for action in ("archive", "unarchive"):
        checked(send("POST", f"{url}/{action}", token=token), f"{ONE}/{action}", "post")
    checked(send("DELETE", url, token=token), ONE, "delete")
    checked(send("POST", f"{url}/restore", token=token), f"{ONE}/restore", "post")


def test_activities_are_as_documented(service: LiveService, token: str, checked: Check) -> None:
    """Counted and not found, alone and in a batch."""
    created = service.request("POST", URL, token=token, json={"character_id": "ada"}).json()
    url, batch = f"{URL}/{created['id']}/activity", "/api/v1/activity"
    messages = service.token("message-service", scope="conversations:activity")
    item = told("m1", suggested_title="Engines")
    answer = service.request("POST", url, token=messages, json=item)
    assert checked(answer, f"{ONE}/activity", "post")["message_count"] == 1
    items = [{"conversation_id": each, **item} for each in (created["id"], "0" * 24)]
    answer = service.request("POST", batch, token=messages, json={"items": items})
    statuses = [result["status"] for result in checked(answer, batch, "post")["results"]]
    assert statuses == ["ok", "not_found"]


@pytest.mark.parametrize("query", ["", "?view=full", "?limit=1", "?pagination=offset", "?q=nobody"])
def test_a_page_is_as_documented(
    service: LiveService, token: str, checked: Check, query: str
) -> None:
    """Whichever way it is asked for."""
    for _ in range(2):
        service.request("POST", URL, token=token, json={"character_id": "ada"})
    page = checked(service.get(f"{URL}{query}", token=token), URL, "get")
    assert len(page["results"]) == {"?limit=1": 1, "?q=nobody": 0}.get(query, 2)


def test_events_are_as_documented(service: LiveService, token: str, checked: Check) -> None:
    """With content and without, in a history and in a feed, and where a feed is gone."""
    body = {"character_id": "ada", "settings": {"language": "en"}}
    mine = service.request("POST", URL, token=token, json=body).json()["id"]
    history, feed = f"{URL}/{mine}/history", "/api/v1/events"
    assert checked(service.get(history, token=token), f"{ONE}/history", "get")["results"]
    checked(service.get(f"{history}?limit=1", token=token), f"{ONE}/history", "get")
    assert checked(service.get(f"{feed}?limit=1", token=token), feed, "get")["next"]
    service.request("DELETE", f"{URL}/{mine}?permanent=true", token=token)
    page = checked(service.get(feed, token=token), feed, "get")
    assert [event["data"] for event in page["results"]] == [None, None]
    gone = service.get(f"{feed}?after={'0' * 32}", token=token)
    assert gone.status_code == 410
    checked(gone, feed, "get")


def test_jobs_are_as_documented(service: LiveService, token: str, checked: Check) -> None:
    """From the erasure that starts one to the end that a cancellation makes."""
    jobs, erasure = "/api/v1/jobs", "/api/v1/users/{user_id}/data"
    admin = service.token("the-admin", scope="conversations:admin")
    url = erasure.format(user_id="erased-as-documented")
    refused = service.request("DELETE", url, token=token)
    checked(refused, erasure, "delete")
    job = checked(service.request("DELETE", url, token=admin), erasure, "delete")
    one = f"{jobs}/{job['id']}"
    assert checked(service.get(one, token=admin), f"{jobs}/{{id}}", "get") == job
    checked(service.get(one, token=token), f"{jobs}/{{id}}", "get")
    assert checked(service.get(jobs, token=admin), jobs, "get")["results"] == [job]
    cancelled = service.request("POST", f"{one}/cancel", token=admin)
    assert cancelled.status_code == 200
    checked(cancelled, f"{jobs}/{{id}}/cancel", "post")
    with stored(service) as database:  # what a worker does when it takes one up
        database.jobs.update_one({"_id": ObjectId(job["id"])}, {"$set": {"state": "running"}})
    cancelling = service.request("POST", f"{one}/cancel", token=admin)
    assert cancelling.status_code == 202
    checked(cancelling, f"{jobs}/{{id}}/cancel", "post")


def test_a_key_in_use_is_as_documented(
    service: LiveService, token: str, user_id: str, checked: Check
) -> None:
    """With Retry-After: the first request is made to look as if it were still under way."""

    def create() -> requests.Response:
        body = {"character_id": "ada"}
        return service.request("POST", URL, token=token, json=body, Idempotency_Key="k")

    checked(create(), URL, "post")
    checked(create(), URL, "post")
    later = datetime.now(UTC) + timedelta(hours=1)
    with stored(service) as database:
        under_way = {"$unset": {"answer": ""}, "$set": {"leased_until": later}}
        database.idempotency_keys.update_one({"user_id": user_id}, under_way)
    busy = create()
    assert busy.status_code == 409
    assert checked(busy, URL, "post")["code"] == "idempotency_key_in_use"


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "application/octet-stream"])
def test_an_export_can_be_had_in_each_form_that_is_documented(
    service: LiveService, token: str, document: dict[str, Any], media_type: str
) -> None:
    """Asked for by its media type, it says that it is that; the lines are the same."""
    assert media_type in document["paths"][EXPORT]["get"]["responses"]["200"]["content"]
    for accept in (media_type, f"{media_type};q=0.5"):
        answer = service.get(EXPORT, token=token, Accept=accept)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
        assert answer.text.splitlines()[-1] == '{"type":"end","count":0}'


def test_errors_are_as_documented(service: LiveService, token: str, checked: Check) -> None:
    """Each status with its headers, and with the faults where there are some."""
    send = service.request
    theirs = send("POST", URL, token=service.token("somebody-else"), json={"character_id": "ada"})
    mine = send("POST", URL, token=token, json={"character_id": "ada"}).json()["id"]
    foreign, own = f"{URL}/{theirs.json()['id']}", f"{URL}/{mine}"
    patch: dict[str, Any] = {"token": token, "json": {"title": "x"}}
    answers = [
        (400, service.get(f"{URL}?nonsense=1", token=token), URL, "get"),
        (400, send("POST", URL, token=token, json={"a": 1, "title": "<"}), URL, "post"),
        (400, send("POST", URL, token=token, data=b"{", Content_Type=JSON), URL, "post"),
        (401, service.get(URL), URL, "get"),
        (401, service.get(URL, token="no.token.atall"), URL, "get"),
        (403, service.get(f"{URL}?user_id=somebody-else", token=token), URL, "get"),
        (403, service.get(foreign, token=token), ONE, "get"),
        (404, service.get(f"{URL}/nonsense", token=token), ONE, "get"),
        (405, send("PUT", own, token=token), ONE, "patch"),
        (406, service.get(URL, token=token, Accept="text/html"), URL, "get"),
        (412, send("PATCH", own, If_Match='"99"', **patch), ONE, "patch"),
        (412, send("DELETE", own, token=token, If_Match='"99"'), ONE, "delete"),
        (415, send("PATCH", own, token=token, data=b"x", Content_Type="text/xml"), ONE, "patch"),
        (422, send("POST", URL, token=token, json={"character_id": "nobody"}), URL, "post"),
    ]
    for status, answer, path, method in answers:
        assert answer.status_code == status
        problem = checked(answer, path, method)
        assert problem["status"] == status
    service.request("DELETE", own, token=token)
    conflict = send("PATCH", own, **patch)
    assert conflict.status_code == 409
    checked(conflict, ONE, "patch")


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_the_health_is_as_documented(service: LiveService, checked: Check, path: str) -> None:
    """It is beside the API, and in the document all the same."""
    assert checked(service.get(path), path, "get")["status"]
    refused = service.request("DELETE", path)
    assert refused.status_code == 405
    checked(refused, path, "get")
