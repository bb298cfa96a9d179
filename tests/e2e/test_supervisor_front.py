"""What the front answers for requests that must not reach a worker, and what it lets through."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from conversation_service.config import Config
from conversations.admin.login import ATTEMPTS
from conversations.api.problems import CATALOGUE
from devstack.folder import open_folder
from devstack.front import front
from devstack.ports import accepts, free_port
from tests.doubles.supervised import Supervised, eventually, read_all, supervised

STALLED = 50
APP = "https://app.example"
ORIGINS = f"https://other.example, {APP},http://localhost:3000"
MEMBERS = {"type", "title", "status", "detail", "code", "instance", "trace_id"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    data_dir = tmp_path_factory.mktemp("front") / "var"
    with supervised(
        data_dir=data_dir, TRUSTED_PROXIES="127.0.0.1", CORS_ALLOWED_ORIGINS=ORIGINS
    ) as running_stack:
        running_stack.wait_for_ready()
        yield running_stack


def assert_problem(stack: Supervised, sent: bytes, *, status: int, code: str) -> dict[str, str]:
    """Send bytes; the answer must be the problem, complete, and end the connection. Its headers."""
    first, headers, problem = _answer(stack, sent)
    assert first.startswith(f"HTTP/1.1 {status}")
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["x-service-name"]
    assert headers["x-service-version"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", headers["traceparent"])
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert set(problem) == MEMBERS
    assert problem["code"] == code
    assert problem["title"] == CATALOGUE[code].title
    assert problem["status"] == CATALOGUE[code].status == status
    assert problem["type"] == f"http://127.0.0.1:{stack.port}/api/problems/{code}"
    assert problem["trace_id"] == headers["x-trace-id"]
    return headers | {"instance": problem["instance"]}


def _answer(stack: Supervised, sent: bytes) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Send bytes: the first line of the answer, its headers by lower-case names, its problem."""
    head, problem = stack.raw(sent)
    first, *lines = head.decode().split("\r\n")
    headers = (line.split(": ", 1) for line in lines)
    return first, {name.lower(): value for name, value in headers}, problem


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join((line, "Host: localhost", "Connection: close", *headers, "", "")).encode()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"NONSENSE\r\n\r\n", 400, "malformed_request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "malformed_request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"),
        (head("GET /%00 HTTP/1.1"), 400, "malformed_request"),
        (head("POST / HTTP/1.1", "Content-Length: -1"), 400, "malformed_request"),
        (head("GET / HTTP/1.1", "Big: " + "a" * 9000), 431, "headers_too_large"),
        (
            head("GET / HTTP/1.1", *(f"H{n}: {'a' * 4000}" for n in range(12))),
            431,
            "headers_too_large",
        ),
        (head(f"GET /{'a' * 9000} HTTP/1.1"), 414, "uri_too_long"),
        (head(f"GET /api/v1/conversations/{'a' * 7000} HTTP/1.1"), 401, "not_authenticated"),
        (head("TRACE / HTTP/1.1"), 405, "method_not_allowed"),
        (head("POST / HTTP/1.1", "Content-Length: 1048577"), 413, "payload_too_large"),
        (
            head("POST /api/v1/conversations/import HTTP/1.1", "Content-Length: 67108865"),
            413,
            "payload_too_large",
        ),
        (head("POST / HTTP/1.1", "Transfer-Encoding: gzip"), 400, "malformed_request"),
        (head("GET / HTTP/3.0"), 400, "malformed_request"),
        (head("GET /-/problem/not_found HTTP/1.1"), 404, "not_found"),
        (head("GET /health/live?q=<b> HTTP/1.1"), 400, "malformed_request"),
        (head('GET /health/live?q="b" HTTP/1.1'), 400, "malformed_request"),
        (head("GET /health/`live HTTP/1.1"), 400, "malformed_request"),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400, "malformed_request"),
        (
            head("GET / HTTP/1.1", *(f"H{number}: x" for number in range(150))),
            431,
            "headers_too_large",
        ),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else str(value),
)
def test_it_answers_what_is_wrong_itself_as_a_problem(
    stack: Supervised, sent: bytes, status: int, code: str
) -> None:
    """Whatever the front refuses is a complete application/problem+json."""
    assert_problem(stack, sent, status=status, code=code)


def test_a_chunked_body_is_bounded_while_it_arrives(stack: Supervised) -> None:
    """A body that does not tell its length is refused when it passes the limit."""
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    sent = head("POST /api/v1/conversations HTTP/1.1", "Transfer-Encoding: chunked") + chunk * 17
    assert_problem(stack, sent, status=413, code="payload_too_large")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-DEF-123", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ('"}', False),
        ("a b", False),
    ],
)
def test_it_keeps_the_trace_id_of_the_caller_where_it_is_one(
    stack: Supervised,
    given: str,
    kept: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """1 to 64 letters, digits and hyphens are taken; anything else is replaced."""
    sent = head("TRACE / HTTP/1.1", f"X-Trace-Id: {given}")
    headers = assert_problem(stack, sent, status=405, code="method_not_allowed")
    assert (headers["x-trace-id"] == given) is kept
    assert re.fullmatch(r"[A-Za-z0-9-]{1,64}", headers["x-trace-id"])


@pytest.mark.parametrize(
    "sent",
    [
        head("POST /api/v1/conversations HTTP/1.1", "Content-Length: 1048577", f"Origin: {APP}"),
        head("GET /api/v1/conversations HTTP/1.1", f"Origin: {APP}", "Big: " + "a" * 9000),
        head("TRACE /api/v1/conversations HTTP/1.1", f"Origin: {APP}"),
    ],
    ids=["body", "headers", "method"],
)
def test_a_page_of_an_allowed_origin_can_read_what_is_wrong(stack: Supervised, sent: bytes) -> None:
    """As it can read the errors of the service."""
    _assert_readable(stack, sent)


@pytest.fixture
def of_one_origin(tmp_path: Path) -> Iterator[Supervised]:
    """Yield the front alone, with one allowed origin."""
    config = Config(port=free_port(), cors_allowed_origins=(APP,))
    service = front(config, folder=open_folder(tmp_path), socket=tmp_path / "away.sock")
    with subprocess.Popen(service.argv, text=True) as process:
        try:
            assert eventually(lambda: accepts(config.port), 30)
            yield Supervised(process=process, port=config.port, data_dir=tmp_path)
        finally:
            process.send_signal(service.stop_signal)


@pytest.mark.parametrize("path", ["a" * 9000, "%00"], ids=["long", "broken"])
def test_an_origin_that_is_the_only_one_need_not_be_read(
    of_one_origin: Supervised, path: str
) -> None:
    """A request line that is refused is all that has been read then."""
    _assert_readable(of_one_origin, head(f"GET /api/v1/{path} HTTP/1.1", f"Origin: {APP}"))


def _assert_readable(stack: Supervised, sent: bytes) -> None:
    _, headers, _ = _answer(stack, sent)
    assert headers["access-control-allow-origin"] == APP
    exposed = headers["access-control-expose-headers"].split(", ")
    assert {"X-Trace-Id", "Retry-After"} <= set(exposed)
    assert headers["vary"] == "origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.evil.example",
        "https://app",
        "HTTPS://app.example",
        "https://app.example,http://localhost:3000",
        "https://evil.example https://evil.example",
        "https://evil.example, https://evil.example",
        "null",
        "",
    ],
)
def test_a_page_of_another_origin_cannot(stack: Supervised, origin: str) -> None:
    """Whatever it writes there."""
    sent = head("TRACE /api/v1/conversations HTTP/1.1", f"Origin: {origin}")
    _, headers, _ = _answer(stack, sent)
    assert not [name for name in headers if name.startswith("access-control-")]
    assert headers["vary"] == "origin"


@pytest.mark.parametrize(
    ("target", "instance"),
    [
        ("/api/v1/conversations/x?token=secret", "/api/v1/conversations/x"),
        ("/a%22b", "/a%22b"),
        ('/a"b\\', "/a"),
        ("http://localhost/api", "/api"),
    ],
)
def test_the_instance_is_the_path_and_safe_in_json(
    stack: Supervised, target: str, instance: str
) -> None:
    """Neither the query nor a character that JSON would have to escape is repeated."""
    sent = head(f"POST {target} HTTP/1.1", "Content-Length: 1048577")
    assert assert_problem(stack, sent, status=413, code="payload_too_large")["instance"] == instance


def test_errors_of_the_service_pass_as_they_are(stack: Supervised) -> None:
    """An unknown route is answered by the service, with its own detail."""
    status, headers, body = stack.get("/api/v1/nowhere", **{"X-Trace-Id": "from-the-caller"})
    assert status == 404
    assert headers["content-type"].startswith("application/problem+json")
    assert headers["x-trace-id"] == "from-the-caller"
    assert json.loads(body)["instance"] == "/api/v1/nowhere"


def test_a_redirect_may_repeat_a_long_url(stack: Supervised) -> None:
    """The way to the login page names where to go then, its escapes escaped."""
    status, headers, _ = stack.get(f"/admin/?q={'%41' * 2500}")
    assert status == 302
    assert len(headers["location"]) > 12000


def log_in(stack: Supervised, name: str, forwarded: str) -> str:
    """Send the login form with a wrong password; returns the page that comes back."""
    url, headers = f"http://127.0.0.1:{stack.port}/admin/login/", {"X-Forwarded-For": forwarded}
    with requests.Session() as browser:
        browser.get(url, headers=headers, timeout=60)
        token = browser.cookies["csrftoken"]
        form = {"username": name, "password": "wrong", "csrfmiddlewaretoken": token}
        return browser.post(url, form, headers=headers, timeout=60).text


def test_logins_are_counted_by_the_address_that_the_proxies_tell(stack: Supervised) -> None:
    """Behind the socket too; what a client writes before it counts for nothing."""
    for _ in range(ATTEMPTS):
        assert "Too many attempts" not in log_in(stack, "nobody", "192.0.2.1")
    assert "Too many attempts" in log_in(stack, "nobody", "192.0.2.1")
    assert "Too many attempts" in log_in(stack, "nobody", "192.0.2.2, 192.0.2.1")
    assert "Too many attempts" not in log_in(stack, "nobody", "192.0.2.1, 192.0.2.2")


def test_stalled_uploads_do_not_starve_the_workers(stack: Supervised) -> None:
    """Beside 50 bodies and 50 headers that never end, others are served; then all 100 are ended."""
    body = head("POST /api/v1/conversations HTTP/1.1", "Content-Length: 1000") + b'{"character_'
    headers = b"POST /api/v1/conversations HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
    with ExitStack() as held:
        stalled = [_send(held, stack, sent) for sent in (body, headers) for _ in range(STALLED)]
        for _ in range(STALLED):
            assert stack.get("/health/live")[0] == 200
        assert not any(_has_ended(each) for each in stalled)
        # nginx closes without an answer when the time for the rest is over.
        assert [read_all(each) for each in stalled] == [b""] * len(stalled)
    assert stack.get("/health/live")[0] == 200


def test_a_large_import_reaches_the_service(stack: Supervised) -> None:
    """Imports have a limit of their own: one of 2 MiB is not refused by the front."""
    status, _, answer = _import(stack)
    assert status != 413, answer


def test_a_web_server_that_is_away_is_a_problem_with_retry_after(stack: Supervised) -> None:
    """While the web server does not accept, callers get 503 and when to try again."""
    path = stack.data_dir / "run" / "web.sock"
    aside = path.rename(path.with_suffix(".aside"))
    try:
        for worker in stack.child("granian").children():
            worker.kill()  # and with it the connections that the front holds open
        sent = head("GET /health/live HTTP/1.1")
        headers = assert_problem(stack, sent, status=503, code="service_unavailable")
        status, _, answer = _import(stack)
        assert (status, json.loads(answer)["code"]) == (503, "service_unavailable")
    finally:
        aside.rename(path)
    assert int(headers["retry-after"]) > 0
    assert eventually(lambda: stack.get("/health/live")[0] == 200, 30)


def _import(stack: Supervised) -> tuple[int, dict[str, str], bytes]:
    """Send more than the 1 MiB that other calls may."""
    body = b"\n" * 2 * 1024 * 1024
    return stack.request("POST", "/api/v1/conversations/import", body=body, headers={})


def _send(held: ExitStack, stack: Supervised, sent: bytes) -> socket.socket:
    connection = held.enter_context(stack.connect())
    connection.sendall(sent)
    return connection


def _has_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(30)


def test_what_the_front_says_of_a_request_is_not_logged(stack: Supervised) -> None:
    """Its lines would quote the query, and that is content."""
    body = b"x" * (1024 * 1024 + 1)
    status, _, _ = stack.request("POST", "/api/v1/conversations?q=S3CRET", body=body, headers={})
    assert status == 413
    stack.get("/api/v1/conversations?q=S3CRET")
    logs = "".join(path.read_text() for path in (stack.data_dir / "logs").iterdir())
    assert "/api/v1/conversations" in logs
    assert "S3CRET" not in logs
