"""Errors outside the API's views: problem documents like all others."""

import pytest
import requests

from tests.e2e.conftest import APP
from tests.e2e.live import LiveService

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "trace_id"}


def assert_problem(answer: requests.Response, *, status: int, code: str) -> None:
    """Assert that the answer is a problem document, whole and consistent with its headers."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"].endswith(f"/api/problems/{code}")
    assert problem["trace_id"] == answer.headers["X-Trace-Id"]
    assert_guarded(answer)


def assert_guarded(answer: requests.Response) -> None:
    """Assert that the answer tells browsers what not to do with it."""
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api/v1",
        "/api/v1/conversations/",
        "/api/v2/conversations",
        "/health/",
        "/health/live/",
        "/api/problems/no_such_code",
        "/static/no-such-file.js",
    ],
)
def test_it_answers_404_for_an_unknown_route(service: LiveService, path: str) -> None:
    """A trailing slash too many is another route: a redirect would lose a body."""
    assert_problem(service.get(path), status=404, code="not_found")


def test_it_keeps_the_admin_behind_its_login(service: LiveService) -> None:
    """An unknown page of the admin tells a stranger nothing but where to sign in."""
    answer = service.get("/admin/no/such/page/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


def test_it_leads_to_the_admin_without_the_slash(service: LiveService) -> None:
    """/admin is what people type."""
    assert service.get("/admin").headers["Location"] == "/admin/"


@pytest.mark.parametrize("path", ["/health", "/metrics", "/api/schema", "/api/docs"])
def test_it_answers_405_with_the_methods_there_are(service: LiveService, path: str) -> None:
    """Also for what is beside the API."""
    answer = service.request("DELETE", path)
    assert_problem(answer, status=405, code="method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_a_page_can_read_what_is_beside_the_api(strict_service: LiveService) -> None:
    """Errors too, below /api/; the answer for another host, and what is asked before a request."""
    for answer in (
        strict_service.request("DELETE", "/api/docs", Origin=APP),
        strict_service.get("/api/docs", Origin=APP, Host="evil.example"),
        strict_service.request(
            "OPTIONS", "/api/docs", Origin=APP, Access_Control_Request_Method="GET"
        ),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert_guarded(answer)


def test_static_files_are_guarded_too(service: LiveService) -> None:
    """They are answered before any view."""
    assert_guarded(service.get("/static/pages/docs.js"))


@pytest.mark.parametrize("path", ["/health/live", "/api/v1/conversations", "/nowhere", "/admin/"])
@pytest.mark.parametrize("host", ["evil.example", "a b", "<script>", "localhost:99:99", "[::1"])
def test_it_refuses_a_host_that_is_not_its_own(
    strict_service: LiveService, path: str, host: str
) -> None:
    """On every route, before anything else is looked at."""
    answer = strict_service.get(path, Host=host)
    assert_problem(answer, status=400, code="invalid_host")
    assert "evil" not in answer.text


def test_it_accepts_a_host_of_the_list(strict_service: LiveService) -> None:
    """With a port and in any case."""
    assert strict_service.get("/health/live", Host="API.example:8003").status_code == 200


def test_the_instance_is_a_valid_uri_reference(service: LiveService) -> None:
    """What the caller wrote comes back encoded, and without its query."""
    answer = service.get("/no%20where/%22%3Cü?q=secret")
    assert answer.json()["instance"] == "/no%20where/%22%3C%C3%BC"


def test_a_form_of_the_admin_needs_its_csrf_token(service: LiveService) -> None:
    """The protection holds though its middleware runs for the admin only."""
    answer = service.request("POST", "/admin/login/", data=b"username=a&password=b")
    assert_problem(answer, status=403, code="forbidden")


def test_the_type_leads_to_a_page(service: LiveService) -> None:
    """Whoever follows it reads what the code means."""
    problem = service.get("/nowhere").json()
    page = service.session.get(problem["type"], timeout=30)
    assert page.status_code == 200
    assert problem["title"] in page.text
