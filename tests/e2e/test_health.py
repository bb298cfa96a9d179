"""/health, /health/live, /health/ready, /metrics: what works, and what is told when it does not."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from conversation_service import __version__
from devstack.ports import free_port
from tests.e2e.live import LiveService, live_service, own_database
from tests.e2e.workers import celery_worker

DEPENDENCIES = {
    "mongodb",
    "redis",
    "broker",
    "events_broker",
    "worker",
    "auth_service",
    "characters_service",
    "outbox",
}
LONGEST = 5.0  # seconds; the probes of dependencies that hang would add up to more


def test_it_reports_on_every_dependency(service: LiveService) -> None:
    """With the time each took to answer."""
    answer = service.get("/health")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["service"] == service.name
    assert body["version"] == __version__
    assert body["timestamp"].endswith("Z")
    assert set(body["dependencies"]) == DEPENDENCIES
    # No worker is there: what earlier tests wrote may be late.
    assert body["dependencies"]["outbox"]["status"] in {"healthy", "degraded"}
    for name in DEPENDENCIES - {"worker", "outbox"}:
        assert body["dependencies"][name]["status"] == "healthy", name
        assert body["dependencies"][name]["latency_ms"] >= 0


def test_it_is_alive_and_ready(service: LiveService) -> None:
    """For orchestrators, who look at the status code."""
    assert service.get("/health/live").json() == {"status": "alive"}
    assert service.get("/health/ready").json() == {"status": "ready"}


def test_it_says_that_no_worker_is_alive(service: LiveService) -> None:
    """The web without its worker is degraded."""
    body = service.get("/health").json()
    assert body["status"] == "degraded"
    assert body["dependencies"]["worker"]["status"] == "unhealthy"
    assert body["dependencies"]["worker"]["alive"] == 0


def test_it_sees_a_worker_come_and_go(servers: None, tmp_path: Path) -> None:
    """A worker says that it is alive, and that it ends."""
    with live_service(folder=tmp_path) as service, own_database(service):
        options = ("--concurrency", "1", "--queues", service.name)
        with celery_worker(*options, env=service.env, log=tmp_path / "worker.log"):
            seen = wait_for(service, lambda body: bool(workers(body)))
            assert workers(seen) == 1
            assert seen["status"] == "healthy"
        assert wait_for(service, lambda body: not workers(body))["status"] == "degraded"


def test_it_answers_while_everything_refuses(servers: None, tmp_path: Path) -> None:
    """Nothing listens anywhere: the process is alive, and says what is away."""
    nobody = f"127.0.0.1:{free_port()}"
    with live_service(folder=tmp_path, **all_at(nobody)) as service:
        assert_all_away(service)


def test_it_answers_while_everything_hangs(servers: None, tmp_path: Path) -> None:
    """Connections are made and nothing comes back: the worst that a network does."""
    with black_hole() as address, live_service(folder=tmp_path, **all_at(address)) as service:
        assert_all_away(service)


def test_it_probes_an_amqp_broker(servers: None, tmp_path: Path) -> None:
    """A broker that is no Redis is probed by its own protocol."""
    with black_hole() as address:
        url = f"amqp://guest:guest@{address}//"
        with live_service(folder=tmp_path, CELERY_BROKER_URL=url) as service:
            started = time.monotonic()
            dependencies = service.get("/health").json()["dependencies"]
            assert time.monotonic() - started < LONGEST
    assert dependencies["broker"]["status"] == "unhealthy"
    assert dependencies["redis"]["status"] == "healthy"


@pytest.mark.parametrize(("status", "expected"), [(200, "healthy"), (500, "unhealthy")])
def test_it_probes_the_message_service_where_there_is_one(
    servers: None, tmp_path: Path, status: int, expected: str
) -> None:
    """Only when MESSAGE_SERVICE_URL names it."""
    with (
        http_server(status=status) as url,
        live_service(folder=tmp_path, MESSAGE_SERVICE_URL=url) as service,
    ):
        dependencies = service.get("/health").json()["dependencies"]
    assert dependencies["message_service"]["status"] == expected


def test_it_exports_the_metrics(service: LiveService, token: str) -> None:
    """Requests by route, never by path; conversations created, and how many are active."""
    for number in range(3):
        service.get(f"/api/v1/conversations/{number:024x}", token=token)
    service.request("BREW", "/health")
    service.request(
        "POST", "/api/v1/conversations", token=token, json={"character_id": "ada"}
    ).raise_for_status()
    text = service.get("/metrics").text
    label = '{endpoint="/api/v1/conversations/{id}",method="GET"'
    assert f"conversation_request_duration_seconds_count{label}}} " in text
    assert f'conversation_requests_total{label},status="404"}} ' in text
    assert 'endpoint="/health",method="other"' in text
    assert "BREW" not in text
    assert "000000000000000000000002" not in text
    assert "\nactive_conversations_total " in text
    assert "\nconversations_created_total " in text


def test_it_leaves_out_the_gauges_of_dead_processes(service: LiveService) -> None:
    """A worker that died counts nothing any more."""
    service.get("/metrics")
    folder = Path(service.env["PROMETHEUS_MULTIPROC_DIR"])
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    orphan = folder / f"gauge_livesum_{ended.pid}.db"
    orphan.write_bytes(next(folder.glob("counter_*.db")).read_bytes())
    kept = folder / f"counter_{ended.pid}.db"
    kept.write_bytes(orphan.read_bytes())
    service.get("/metrics")
    assert not orphan.exists()
    assert kept.exists()
    kept.unlink()


def all_at(address: str) -> dict[str, str]:
    """Environment variables that put every dependency at one address."""
    return {
        "MONGODB_URL": f"mongodb://{address}/?directConnection=true",
        "REDIS_URL": f"redis://{address}/0",
        "CELERY_BROKER_URL": f"redis://{address}/1",
        "EVENTS_BROKER_URL": f"redis://{address}/2",
        "AUTH_SERVICE_URL": f"http://{address}",
        "CHARACTERS_SERVICE_URL": f"http://{address}",
        "MESSAGE_SERVICE_URL": f"http://{address}",
    }


def assert_all_away(service: LiveService) -> None:
    """/health says so in bounded time, /health/ready is a 503, and the process is alive."""
    for path in ("/health", "/health/ready", "/metrics", "/health"):
        answer = service.get(path, timeout=LONGEST)
        if path == "/health":
            body = answer.json()
            assert answer.status_code == 200
            assert body["status"] == "degraded"
            statuses = {name: each["status"] for name, each in body["dependencies"].items()}
            assert statuses == dict.fromkeys(DEPENDENCIES | {"message_service"}, "unhealthy")
        if path == "/health/ready":
            assert answer.status_code == 503
            assert answer.json()["code"] == "database_unavailable"
            assert answer.headers["Retry-After"]
    assert service.get("/health/live").status_code == 200


@contextmanager
def black_hole() -> Iterator[str]:
    """Give an address where connections are made and nothing is ever answered."""
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def http_server(*, status: int) -> Iterator[str]:
    """Run a server that answers everything with one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def workers(body: dict[str, Any]) -> int:
    """How many workers a report of /health counts."""
    alive: int = body["dependencies"]["worker"]["alive"]
    return alive


def wait_for(service: LiveService, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the first report of which something holds."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        body: dict[str, Any] = service.get("/health").json()
        if holds(body):
            return body
        time.sleep(0.5)
    raise AssertionError(body)
