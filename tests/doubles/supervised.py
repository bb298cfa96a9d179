"""The whole stack of `make run` as a test sees it: a process to watch, signal and talk to."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil

from devstack.ports import free_port

START_SECONDS = 180.0
END_SECONDS = 30.0
# Set by the run that this test is part of; a stack under test must not use its servers.
INHERITED = (
    "MONGODB_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "EVENTS_BROKER_URL",
    "AUTH_SERVICE_URL",
    "CHARACTERS_SERVICE_URL",
    "PUBLIC_URL",
    "DJANGO_SETTINGS_MODULE",
)


@dataclass(kw_only=True)
class Supervised:
    """A running `python -m devstack run` and what it printed so far."""

    process: subprocess.Popen[str]
    port: int
    data_dir: Path
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    def wait_for_ready(self) -> str:
        """Return the `ready` line; fails when the process ends before it."""
        assert eventually(
            lambda: self.process.poll() is not None or bool(self.ready_lines), START_SECONDS
        ), self.out
        assert self.ready_lines, (self.out, self.err)
        return self.ready_lines[0]

    @property
    def ready_lines(self) -> list[str]:
        """What it printed that starts with `ready`."""
        return [line for line in self.out if line.startswith("ready")]

    def wait_for_end(self) -> int:
        """Return the exit status, once all it printed has been read."""
        status = self.process.wait(timeout=END_SECONDS)
        assert eventually(lambda: not self._readers(), END_SECONDS)
        return status

    @property
    def env_file(self) -> Path:
        """Where it tells other commands of its servers."""
        return self.data_dir / "run" / "stack.env"

    def servers(self) -> dict[str, str]:
        """Return the names of its servers as other commands find them."""
        return dict(line.split("=", 1) for line in self.env_file.read_text().splitlines())

    def tree(self) -> list[psutil.Process]:
        """All processes of the stack, the guardian and workers of workers included."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, words: str) -> psutil.Process:
        """Return the process of the stack whose command line contains `words`."""
        children = psutil.Process(self.process.pid).children()
        return next(each for each in children if words in " ".join(each.cmdline()))

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """GET: status, headers with lower-case names, body."""
        return self.request("GET", path, headers=headers)

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Make any request: status, headers with lower-case names, body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()
        finally:
            connection.close()

    def raw(self, sent: bytes) -> tuple[bytes, dict[str, Any]]:
        """Send bytes as they are; return the head of the answer and its JSON body."""
        with self.connect() as connection:
            connection.sendall(sent)
            answer = read_all(connection)
        head, _, body = answer.partition(b"\r\n\r\n")
        return head, json.loads(body)

    def connect(self) -> socket.socket:
        """Open a connection to the front."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        connection.settimeout(30)
        return connection

    def _readers(self) -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == f"read-{id(self)}"]

    def follow(self) -> None:
        """Collect what the process prints, in threads that end with it."""
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            assert stream is not None
            threading.Thread(
                target=_collect, args=(stream, lines), name=f"read-{id(self)}", daemon=True
            ).start()


@contextmanager
def supervised(*, data_dir: Path, port: int | None = None, **env: str) -> Iterator[Supervised]:
    """Start a stack on a free port; whatever of it is left afterwards is killed."""
    port = port or free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in INHERITED}
    process = subprocess.Popen(
        [sys.executable, "-m", "devstack", "run"],
        env={**inherited, "PORT": str(port), "DATA_DIR": str(data_dir), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    stack = Supervised(process=process, port=port, data_dir=data_dir)
    stack.follow()
    try:
        yield stack
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=END_SECONDS)


def read_all(connection: socket.socket) -> bytes:
    """Everything up to the end of the connection, however it ends."""
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether `holds` comes true within a generous time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def running(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; the dead that nobody has reaped do not count."""
    return [
        each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE
    ]


def _collect(stream: Any, lines: list[str]) -> None:
    with stream:
        for line in stream:
            lines.append(line.rstrip("\n"))  # noqa: PERF401  # each is to be seen at once
