"""A contestant, running: alone, on a port of its own, with its processes known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.contestants import Contestant
from bench.database import ROOT
from bench.processes import cpu_seconds, running
from conversation_service.config import Config
from devstack.folder import open_folder
from devstack.front import front
from devstack.ports import LOOPBACK, accepts, free_port


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that takes requests at `url`: its process, and nginx's where it has one."""

    url: str
    application: int
    front: int | None = None

    def cpu(self) -> tuple[float, float]:
        """Return the CPU seconds used so far by the application, and by its front."""
        return cpu_seconds(self.application), cpu_seconds(self.front) if self.front else 0.0


@contextmanager
def serving(
    contestant: Contestant, *, env: Mapping[str, str], database: str, scratch: Path
) -> Iterator[Running]:
    """Start a contestant on `database`; ended with the block."""
    port = free_port()
    variables = {
        **env,
        **contestant.env,
        "MONGODB_DATABASE": database,
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
        "PUBLIC_URL": f"http://{LOOPBACK}:{port}",
    }
    log = scratch / f"{contestant.database}.log"
    serve = _behind_nginx if contestant.fronted else _on_a_port
    with serve(contestant, port=port, env=variables, log=log, scratch=scratch) as server:
        yield server


@contextmanager
def _on_a_port(
    contestant: Contestant, *, port: int, env: Mapping[str, str], log: Path, scratch: Path
) -> Iterator[Running]:
    with running(
        command=contestant.listening(port=port),
        is_ready=partial(accepts, port),
        env=env,
        cwd=scratch,
        log=log,
    ) as process:
        yield Running(url=f"http://{LOOPBACK}:{port}", application=process.pid)


@contextmanager
def _behind_nginx(
    contestant: Contestant, *, port: int, env: Mapping[str, str], log: Path, scratch: Path
) -> Iterator[Running]:
    folder = open_folder(scratch / "front")
    socket = folder.run / "web.sock"
    socket.unlink(missing_ok=True)
    config = Config(_env_file=None, data_dir=folder.root, port=port)
    with running(
        command=contestant.listening_on_socket(path=str(socket)),
        is_ready=socket.exists,
        env=env,
        cwd=scratch,
        log=log,
    ) as process:
        service = front(config, folder=folder, socket=socket)
        with running(command=service.argv, is_ready=service.is_ready, log=log) as nginx:
            yield Running(url=f"http://{LOOPBACK}:{port}", application=process.pid, front=nginx.pid)
