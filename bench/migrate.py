"""`python -m bench migrate`: 200,000 documents of the former layout, migrated beside a load.

The service runs in one process; few connections read and write at a bounded rate, before the
migration, while it goes on, and after it, for users whose conversations are today's.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from rich.console import Console
from rich.table import Table

from bench.contestants import CONTESTANTS, OURS
from bench.database import ROOT, Database
from bench.driver import Driver, load_generator
from bench.processes import stop
from bench.report import percentile
from bench.seeding import BATCH, START, Document, create_indexes, fill
from bench.serving import serving
from bench.surroundings import surroundings
from bench.workloads import POPULATIONS, Request, Workloads

FORMER_USERS = 5_000
A_BURST = {"list": 8, "get": 8, "create": 2, "patch": 2}  # requests
PAUSE = 0.5  # seconds after them: about 40 requests a second at most
CONNECTIONS = 2
WARM_UP, QUIET = 10, 40  # bursts


@dataclass(frozen=True, kw_only=True)
class Phase:
    """The requests of one phase; latencies in milliseconds."""

    name: str
    requests: int
    failures: int
    p50: float
    p99: float
    most: float


def migrate(
    *, database: Database, documents: int, options: Sequence[str], scratch: Path, console: Console
) -> dict[str, Any]:
    """Import, serve, migrate and print; returns the figures. `options` are migrate_data's."""
    name, log = f"bench_{secrets.token_hex(4)}_migrate", scratch / "migrate_data.log"
    client: MongoClient[Document] = MongoClient(database.url)
    ours = next(each for each in CONTESTANTS if each.name == OURS)
    try:
        with console.status(f"importing {documents:,} documents"):
            create_indexes(client[name])
            fill(client=client, database=name, populations=POPULATIONS, shape=dict)
            _import(client[name]["conversations"], number=documents)
        with (
            surroundings(mongodb_url=database.url, scratch=scratch) as env,
            serving(ours, env=env, database=name, scratch=scratch) as server,
            load_generator() as driver,
        ):
            load = _Load(driver=driver, url=server.url, secret=env["JWT_SECRET_KEY"])
            load.phase("warm-up", goes_on=_times(WARM_UP))
            phases = [load.phase("before", goes_on=_times(QUIET))]
            begun = time.monotonic()
            with _migrating(options, env=env | {"MONGODB_DATABASE": name}, log=log) as process:
                phases.append(load.phase("while", goes_on=lambda: process.poll() is None))
            seconds = time.monotonic() - begun
            phases.append(load.phase("after", goes_on=_times(QUIET)))
        left = client[name]["conversations"].count_documents({"version": None})
    finally:
        client.drop_database(name)
        client.close()
    told = log.read_text().strip()
    if process.returncode or left:
        raise RuntimeError(f"exit code {process.returncode}, {left} documents left: {told}")
    figures = {
        "at": datetime.now(UTC),
        "database": database.name,
        "documents": documents,
        "options": list(options),
        "seconds": round(seconds, 1),
        "per_second": round(documents / seconds),
        "phases": [asdict(phase) for phase in phases],
    }
    _show(figures, phases, told=told, console=console)
    return figures


@contextmanager
def _migrating(
    options: Sequence[str], *, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command as an operator does; it ends with the block, at the latest."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "migrate_data", *options],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


def _times(number: int) -> Callable[[], bool]:
    left = iter(range(number))
    return lambda: next(left, None) is not None


def _import(collection: Any, *, number: int) -> None:
    batch: list[Document] = []
    for document in _former(number):
        batch.append(document)
        if len(batch) == BATCH:
            collection.insert_many(batch, ordered=False)
            batch = []
    if batch:
        collection.insert_many(batch, ordered=False)


def _former(number: int) -> Iterator[Document]:
    """Return documents of the former layout, one in ten a little odd."""
    for each in range(number):
        odd = each % 10 == 0
        yield {
            "_id": ObjectId(),
            "user_id": f"former-{each % FORMER_USERS}",
            "character_id": f"character-{each % 97}",
            "title": f"  A <former> title {each} " if odd else f"Letters about engines {each}",
            "status": "ARCHIVED" if odd else "active",
            "tags": None if odd else ["work", f"tag-{each % 13}"],
            "settings": {"model": "small", "temperature": 0.7, "max_tokens": 2000},
            "metadata": {"last_activity": START, "message_count": each % 120},
            "created_at": START.timestamp() if odd else START,
            "updated_at": START.isoformat() if odd else START,
        }


class _Load:
    """Reads and writes of users whose conversations are today's."""

    def __init__(self, *, driver: Driver, url: str, secret: str) -> None:
        self._driver = driver
        self._url = url
        self._workloads = Workloads(secret=secret)
        self._bursts = 0

    def phase(self, name: str, *, goes_on: Callable[[], bool]) -> Phase:
        """Send bursts as long as it goes on."""
        latencies: list[float] = []
        failures: list[str] = []
        while goes_on():
            batch = self._driver.run(url=self._url, requests=self._burst(), concurrency=CONNECTIONS)
            latencies += batch.latencies
            failures += batch.failures
            time.sleep(PAUSE)
        for failure in failures[:3]:
            print(f"{name}: {failure}", file=sys.stderr)
        return Phase(
            name=name,
            requests=len(latencies),
            failures=len(failures),
            p50=percentile(latencies, 0.5),
            p99=percentile(latencies, 0.99),
            most=max(latencies),
        )

    def _burst(self) -> list[Request]:
        self._bursts += 1
        return [
            request
            for workload, count in A_BURST.items()
            for request in self._workloads.requests(
                workload=workload, count=count, seed=self._bursts
            )
        ]


def _show(figures: dict[str, Any], phases: list[Phase], *, told: str, console: Console) -> None:
    console.print(told, markup=False, highlight=False)
    table = Table(
        title=f"{figures['database']}: {figures['documents']:,} documents in "
        f"{figures['seconds']:.0f} s, {figures['per_second']:,} a second"
    )
    for heading in ("requests", "number", "failed", "p50 ms", "p99 ms", "longest ms"):
        table.add_column(heading, justify="left" if heading == "requests" else "right")
    for phase in phases:
        numbers = (f"{each:.1f}" for each in (phase.p50, phase.p99, phase.most))
        table.add_row(phase.name, str(phase.requests), str(phase.failures), *numbers)
    console.print(table)
