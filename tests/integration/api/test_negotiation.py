"""What a request may say of its form, and what the answers' forms are."""

import pytest

from tests.client import ApiClient


@pytest.mark.parametrize("accept", ["*/*", "", "application/json", "text/html, */*;q=0.1"])
def test_it_answers_in_json_to_who_takes_it(api: ApiClient, accept: str) -> None:
    """Anything, nothing, or JSON by name."""
    assert api.get("/conversations", Accept=accept).headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*; q=0.0"])
def test_it_refuses_who_does_not(api: ApiClient, accept: str) -> None:
    """406; a weight of 0 is a refusal."""
    answer = api.get("/conversations", Accept=accept)
    assert (answer.status, answer.code) == (406, "not_acceptable")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_it_knows_its_caller_first(api: ApiClient) -> None:
    """401 for a stranger, whatever they accept; 406 before what else is wrong."""
    assert ApiClient(token=None).get("/conversations", Accept="text/html").status == 401
    assert api.get("/conversations?nonsense=1", Accept="text/html").status == 406


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "*/*",
        "application/*",
    ],
)
def test_it_refuses_a_body_that_is_no_utf_8_json(api: ApiClient, content_type: str) -> None:
    """415, and nothing is created."""
    body = {"character_id": "ada"}
    answer = api.send("POST", "/conversations", body, content_type=content_type)
    assert (answer.status, answer.code) == (415, "unsupported_media_type")
    assert api.titles() == []


def test_it_refuses_a_coding_that_it_does_not_undo(api: ApiClient) -> None:
    """A compressed body is not read as if it were plain."""
    answer = api.post("/conversations", {"character_id": "ada"}, **{"Content-Encoding": "gzip"})
    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["identity", "Identity"])
def test_it_takes_the_coding_that_is_none(api: ApiClient, coding: str) -> None:
    """In any case (RFC 9110 section 8.4.1)."""
    answer = api.post("/conversations", {"character_id": "ada"}, **{"Content-Encoding": coding})
    assert answer.status == 201


def test_answers_without_a_body_have_no_content_type(api: ApiClient) -> None:
    """204 and 304."""
    created = api.create()
    path = f"/conversations/{created['id']}"
    assert "Content-Type" not in api.get(path, **{"If-None-Match": '"1"'}).headers
    assert "Content-Type" not in api.delete(created["id"]).headers


def test_it_tells_the_methods_of_a_url(api: ApiClient) -> None:
    """OPTIONS: 204 with Allow; another method: 405 with Allow."""
    path = f"/conversations/{api.create()['id']}"
    answer = api.send("OPTIONS", path)
    assert (answer.status, answer.content) == (204, b"")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS, PATCH, DELETE"
    refused = api.send("PUT", path, {})
    assert (refused.status, refused.code) == (405, "method_not_allowed")
    assert refused.headers["Allow"] == answer.headers["Allow"]


def test_head_is_get_without_the_body(api: ApiClient) -> None:
    """Same headers, nothing after them."""
    path = f"/conversations/{api.create()['id']}"
    answer = api.send("HEAD", path)
    assert (answer.status, answer.content) == (200, b"")
    assert answer.headers["ETag"] == '"1"'


def test_it_names_no_more_faults_than_anyone_reads(api: ApiClient) -> None:
    """A hundred, with names cut: an answer is never larger than what was asked."""
    body = {f"{number}{'x' * 200}": 1 for number in range(2000)}
    answer = api.post("/conversations", body)
    assert answer.status == 400
    assert len(answer.json["errors"]) == 100
    assert max(len(fault["pointer"]) for fault in answer.json["errors"]) <= 66
