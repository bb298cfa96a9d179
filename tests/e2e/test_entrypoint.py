"""The roles of the image together, started as its entrypoint starts them, in production."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from devstack.ports import free_port
from tests.doubles.supervised import eventually

ROOT = Path(__file__).resolve().parents[2]
ENTRYPOINT = ROOT / "docker" / "entrypoint.sh"
ALIVE = ROOT / "docker" / "alive.py"
SECONDS = 60.0


@pytest.fixture
def env(servers: None, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a container, with paths, names and ports of this test's own."""
    return {
        **os.environ,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "ENVIRONMENT": "production",
        "JWT_SECRET_KEY": uuid.uuid4().hex,
        "MONGODB_DATABASE": f"e2e_{uuid.uuid4().hex[:12]}",
        "SERVICE_NAME": f"image-{uuid.uuid4().hex[:8]}",
        "PUBLIC_URL": "https://api.example",
        "ALLOWED_HOSTS": "api.example",
        "WEB_SOCKET": str(tmp_path / "web.sock"),
        "WORKER_METRICS_PORT": str(free_port()),
    }


@contextmanager
def started(*words: str, env: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a role until the block ends, with a folder of its own for metrics and output."""
    own = folder / words[0]
    own.mkdir()
    variables = {**env, "PROMETHEUS_MULTIPROC_DIR": str(own)}
    with (
        (own / "output").open("wb") as log,
        subprocess.Popen(
            [ENTRYPOINT, *words], cwd=ROOT, env=variables, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()  # not kill: each has processes of its own to end
            process.wait(timeout=60)


def says_it_is_alive(env: dict[str, str]) -> bool:
    """Ask as the image's health check does, which knows no name of the service's."""
    asked = subprocess.run(
        [sys.executable, ALIVE], env=env, capture_output=True, timeout=30, check=False
    )
    return asked.returncode == 0


def ask(path: str, *, env: dict[str, str]) -> Any:
    """Return the JSON that the web server answers on its socket, as the front asks."""
    with closing(http.client.HTTPConnection("api.example", timeout=30)) as connection:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(env["WEB_SOCKET"])
        connection.request("GET", path)
        return json.load(connection.getresponse())


def is_healthy(env: dict[str, str]) -> bool:
    try:
        return bool(ask("/health", env=env)["status"] == "healthy")
    except OSError:
        return False


def the_worker_tells_its_metrics(env: dict[str, str]) -> bool:
    url = f"http://127.0.0.1:{env['WORKER_METRICS_PORT']}/metrics"
    try:
        return "events_published_total" in requests.get(url, timeout=30).text
    except requests.ConnectionError:  # its first sign of life comes before
        return False


def test_the_roles_of_the_image_make_a_service(env: dict[str, str], tmp_path: Path) -> None:
    """Set up once; healthy as a whole; each ends in order when it is asked to."""
    assert not says_it_is_alive(env)
    subprocess.run([ENTRYPOINT, "setup"], cwd=ROOT, env=env, check=True, timeout=120)
    roles = (("web", "--workers", "1"), ("worker",), ("beat", "--schedule", str(tmp_path / "plan")))
    with ExitStack() as block:
        processes = [
            block.enter_context(started(*role, env=env, folder=tmp_path)) for role in roles
        ]
        assert eventually(lambda: is_healthy(env), SECONDS)
        assert says_it_is_alive(env)
        assert ask("/health/ready", env=env) == {"status": "ready"}
        assert eventually(lambda: the_worker_tells_its_metrics(env), SECONDS)
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
