"""The service as others see it: a process of its own, spoken to over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymongo
import requests

from devstack.ports import free_port
from tests.client import token_for

START_SECONDS = 60.0
END_SECONDS = 30.0


@dataclass(kw_only=True)
class LiveService:
    """A running service; `database` and `name` are its own, so that many can share servers."""

    url: str
    name: str
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    session: requests.Session = field(default_factory=requests.Session)

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        data: bytes | None = None,
        timeout: float = 30,
        **headers: str,
    ) -> requests.Response:
        """Send a request; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["Authorization"] = f"Bearer {token}"
        return self.session.request(
            method,
            self.url + path,
            json=json,
            data=data,
            headers=named,
            timeout=timeout,
            allow_redirects=False,
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET."""
        return self.request("GET", path, **options)

    def token(self, user_id: str, *, scope: str = "", **claims: Any) -> str:
        """Return a token that this service accepts."""
        return token_for(user_id, scope=scope, **claims)

    def sample(self, name: str) -> float:
        """Return a sample of /metrics by its name and labels as written there; 0 without one."""
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0

    def lines(self) -> list[dict[str, Any]]:
        """Return what it has logged so far; a line that is not JSON fails the test."""
        return [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]

    def text(self) -> str:
        """Return its output so far."""
        return self.log.read_text()

    def line_of(self, trace_id: str) -> dict[str, Any]:
        """Return the access line of a trace, waiting for it."""
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            for line in self.lines():
                if line.get("trace_id") == trace_id and line["event"] == "request":
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no access line of {trace_id}: {self.text()}")


@contextmanager
def live_service(*, folder: Path, **changes: str) -> Iterator[LiveService]:
    """Start the web server on a free port with a database of its own; it ends with the block.

    `changes` are environment variables; servers are those of the environment unless named there.
    """
    port = free_port()
    name = f"conversation-service-{uuid.uuid4().hex[:8]}"
    metrics = folder / "metrics"
    metrics.mkdir()
    env = {
        **os.environ,
        "ENVIRONMENT": "test",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SERVICE_NAME": name,
        "MONGODB_DATABASE": f"e2e_{uuid.uuid4().hex[:12]}",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        **changes,
    }
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _granian(port, env=env),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    service = LiveService(
        url=f"http://127.0.0.1:{port}", name=name, env=env, log=log, process=process
    )
    try:
        _wait_until_live(service)
        yield service
    finally:
        service.session.close()
        _end(process)


def _granian(port: int, *, env: dict[str, str]) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", env.get("WEB_WORKERS", "1"), "--no-ws"),
        *("--blocking-threads", env.get("WEB_THREADS", "4")),
        *("--workers-kill-timeout", "10"),
        *("--no-access-log", "--log-config", "conversation_service/granian_logging.json"),
        "conversation_service.wsgi:application",
    ]


def _wait_until_live(service: LiveService) -> None:
    ends = time.monotonic() + START_SECONDS
    while True:
        assert service.process.poll() is None, service.text()
        try:
            assert service.get("/health/live").status_code == 200
        except requests.ConnectionError:
            assert time.monotonic() < ends, service.text()
            time.sleep(0.1)
        else:
            return


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def own_database(service: LiveService) -> Iterator[None]:
    """Create the service's indexes, and drop its database at the end."""
    subprocess.run(
        [sys.executable, "manage.py", "setup_indexes"],
        env=service.env,
        check=True,
        capture_output=True,
    )
    try:
        yield
    finally:
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
            service.env["MONGODB_URL"]
        )
        with client:
            client.drop_database(service.env["MONGODB_DATABASE"])
