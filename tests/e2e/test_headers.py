"""The headers that every answer carries."""

import re
import socket

import pytest

from conversation_service import __version__
from tests.e2e.conftest import APP
from tests.e2e.live import LiveService

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]")
# Pages may read the first anyway; the other is the browser's.
NOT_EXPOSED = {"Cache-Control", "Access-Control-Allow-Origin"}
PATHS = ["/api/v1/conversations", "/health", "/metrics", "/api/docs", "/nowhere", "/admin/login/"]


@pytest.mark.parametrize("path", PATHS)
def test_it_names_the_trace_and_the_service_everywhere(service: LiveService, path: str) -> None:
    """Pages, errors and the admin are answers like any other."""
    headers = service.get(path).headers
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Trace-Id"])
    match = TRACEPARENT.fullmatch(headers["traceparent"])
    assert match is not None
    assert match[1] == headers["X-Trace-Id"]
    assert headers["X-Service-Name"] == service.name
    assert headers["X-Service-Version"] == __version__
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_it_keeps_the_callers_trace_id(service: LiveService) -> None:
    """A gateway's id goes through, in the body of a problem as well."""
    answer = service.get("/nowhere", X_Trace_Id="Gateway-7")
    assert answer.headers["X-Trace-Id"] == "Gateway-7"
    assert answer.json()["trace_id"] == "Gateway-7"


def test_it_continues_a_w3c_trace(service: LiveService) -> None:
    """Without X-Trace-Id the trace-id of traceparent is the trace id."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = service.get("/health/live", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    assert answer.headers["X-Trace-Id"] == trace
    assert answer.headers["traceparent"].startswith(f"00-{trace}-")
    assert answer.headers["traceparent"].endswith("-01")


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "a_b", "ü", "a;b", "a/../b"])
def test_it_replaces_a_trace_id_that_is_not_well_formed(service: LiveService, sent: str) -> None:
    """Nothing is echoed that could break a header or a log line."""
    answer = service.session.get(
        f"{service.url}/health/live", headers={"X-Trace-Id": sent.encode()}, timeout=30
    )
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Trace-Id"])


def test_it_never_echoes_a_line_break(service: LiveService) -> None:
    """A header folded over two lines comes back neither folded nor as two."""
    port = int(service.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(
            b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            b"X-Trace-Id: abc\r\n Injected: yes\r\n\r\n"
        )
        head = b"".join(iter(lambda: connection.recv(65536), b"")).split(b"\r\n\r\n")[0]
    assert b"njected" not in head


def test_api_answers_are_private_and_revalidated(service: LiveService, token: str) -> None:
    """Caches may not share them nor use them unasked; errors included."""
    for answer in (
        service.get("/api/v1/conversations", token=token),
        service.get("/api/v1/conversations"),
        service.get("/api/v1/nowhere"),
    ):
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_static_assets_may_be_cached(service: LiveService) -> None:
    """They are the same for everyone."""
    answer = service.get("/static/pages/docs.js")
    assert answer.status_code == 200
    assert "public" in answer.headers["Cache-Control"]


def test_it_tells_the_length_of_an_answer(service: LiveService) -> None:
    """Rather than sending it in chunks."""
    answer = service.get("/api/v1/conversations")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "Transfer-Encoding" not in answer.headers


def test_pages_of_an_allowed_origin_may_read_every_header(strict_service: LiveService) -> None:
    """All that the document tells of, on errors too."""
    documented = strict_service.get("/api/schema").json()["components"]["headers"]
    refused = strict_service.get("/api/v1/conversations", Origin=APP)
    assert refused.headers["Access-Control-Allow-Origin"] == APP
    exposed = set(refused.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed == documented.keys() - NOT_EXPOSED
    assert {"traceparent", "X-Service-Name", "WWW-Authenticate"} <= exposed
