"""What every request passes through, with views that go wrong in every way."""

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

SECRET = "Sw0rdfish"
PROBLEM = "application/problem+json"


@pytest.fixture(autouse=True)
def _routes(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.unit.wiring.routes"


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/bug", 500, "internal_error"),
        ("/suspicious", 400, "malformed_request"),
        ("/bad", 400, "malformed_request"),
        ("/denied", 403, "forbidden"),
        ("/gone", 404, "not_found"),
        ("/nowhere", 404, "not_found"),
        ("/html", 500, "internal_error"),
        ("/echo?value=a%0d%0aSet-Cookie:b", 500, "internal_error"),
    ],
)
def test_every_error_is_a_problem(
    client: Client, settings: Settings, path: str, status: int, code: str, *, debug: bool
) -> None:
    """Never HTML, never a traceback, never what was in the exception: with DEBUG neither."""
    settings.DEBUG = debug
    response = client.get(path)
    assert response.status_code == status
    assert response.headers["Content-Type"] == PROBLEM
    problem = response.json()
    assert problem["code"] == code
    assert problem["trace_id"] == response.headers["X-Trace-Id"]
    assert SECRET not in response.content.decode()


def test_a_body_that_is_too_big_is_a_413(client: Client) -> None:
    """Whether a view raises it or Django finds it."""
    for response in (
        client.get("/big"),
        client.post("/body", b"x" * (1024 * 1024 + 1), content_type="application/json"),
    ):
        assert response.status_code == 413
        assert response.json()["code"] == "payload_too_large"


def test_headers_that_mean_something_survive(client: Client) -> None:
    """When an error of another form becomes a problem."""
    assert client.get("/html").headers["Retry-After"] == "7"


def test_a_bug_is_logged_once_with_its_traceback(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Under the trace that the caller was told, and without the exception's message."""
    response = client.get("/bug", headers={"X-Trace-Id": "abc"})
    assert response.headers["X-Trace-Id"] == "abc"
    error, access = read(capfd)
    assert error["level"] == "error"
    assert error["trace_id"] == "abc"
    assert "in view" in error["exception"]
    assert error["exception"].endswith("RuntimeError")
    assert (access["level"], access["status"]) == ("warning", 500)
    assert "exception" not in access


@pytest.mark.parametrize("path", ["/suspicious", "/bad", "/denied", "/gone", "/html"])
def test_the_callers_errors_have_an_access_line_only(
    client: Client, capfd: pytest.CaptureFixture[str], path: str
) -> None:
    """Django would write a second one, with the exception's message."""
    client.get(path)
    (line,) = read(capfd)
    assert line["event"] == "request"


def test_the_line_names_the_route_and_not_the_query(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """q= is content."""
    client.get(f"/nowhere?q={SECRET}")
    client.get(f"/body?q={SECRET}")
    unmatched, matched = read(capfd)
    assert unmatched["endpoint"] == "unmatched"
    assert matched["endpoint"] == matched["path"] == "/body"
    assert SECRET not in str([unmatched, matched])


def test_a_secret_that_is_part_of_the_path_is_not_logged(
    client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever has a share link's token can read what is shared."""
    client.get(f"/shared/{SECRET}")
    (line,) = read(capfd)
    assert line["path"] == "/shared/{token}"


def test_a_long_path_is_cut(client: Client, capfd: pytest.CaptureFixture[str]) -> None:
    """The caller does not decide how much is logged."""
    client.get("/" + "a" * 5000)
    (line,) = read(capfd)
    assert len(line["path"]) == 256


def read(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the log lines since the last look."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]
