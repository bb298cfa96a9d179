"""The servers that are compared: how each is started, with one worker process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.seeding import Document, flat, public
from conversation_service.config import Config

OURS = "ours"
FRONTED = "ours behind nginx"
BEANIE = "FastAPI + Beanie"
DRF = "DRF + ORM"
FLOOR = "floor"
THREADS: int = Config.model_fields["web_threads"].default


def _granian(application: str) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1"),
        *("--blocking-threads", str(THREADS), "--no-ws", "--no-access-log"),
        *("--log-level", "warning", application),
    )


@dataclass(frozen=True, kw_only=True)
class Contestant:
    """One server. Those with the same `database` share one; `shape` is what it stores.

    `command` is completed with `listen`, the options that name its port.
    """

    name: str
    database: str
    command: tuple[str, ...]
    shape: Callable[[Document], Document]
    workloads: tuple[str, ...] = ("list", "get", "create", "patch")
    fronted: bool = False
    env: Mapping[str, str] = field(default_factory=dict)

    def listening(self, *, port: int) -> list[str]:
        """Return the command that listens on a port of the loopback address."""
        return [*self.command, "--host", "127.0.0.1", "--port", str(port)]

    def listening_on_socket(self, *, path: str) -> list[str]:
        """Return the command that listens on a Unix socket (granian)."""
        return [*self.command, "--uds", path]


def as_stored(document: Document) -> Document:
    """Return what the service stores."""
    return document


_SERVICE = _granian("conversation_service.wsgi:application")
_BEANIE = (
    *(sys.executable, "-m", "uvicorn", "--workers", "1", "--loop", "uvloop", "--http", "httptools"),
    *("--no-access-log", "--log-level", "warning", "bench.peers.beanie_app:app"),
)

CONTESTANTS = (
    Contestant(name=OURS, database="ours", command=_SERVICE, shape=as_stored),
    Contestant(name=FRONTED, database="fronted", command=_SERVICE, shape=as_stored, fronted=True),
    Contestant(name=BEANIE, database="beanie", command=_BEANIE, shape=public),
    Contestant(
        name=DRF,
        database="drf",
        command=_granian("bench.peers.drf.wsgi:application"),
        shape=flat,
        env={"DJANGO_SETTINGS_MODULE": "bench.peers.drf.settings"},
    ),
    Contestant(
        name=FLOOR,
        database="ours",
        command=_granian("bench.peers.floor:application"),
        shape=as_stored,
        workloads=("list", "get"),
    ),
)
