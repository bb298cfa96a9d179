"""The comparison: all contestants run, one at a time is driven, taking turns all the while.

The turns are short, so that whatever else the machine does meets all of them alike.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from pymongo import MongoClient

from bench.contestants import DRF, Contestant, as_stored
from bench.database import ROOT
from bench.driver import Batch, Driver, load_generator
from bench.seeding import Document, create_indexes, fill
from bench.serving import Running, serving
from bench.workloads import POPULATIONS, Workloads

LEAST_ROUNDS = 3
WARM_UP = 10  # one request for each user: its token is in the cache after it
Said = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One contestant under one workload in one round. Latencies and CPU in milliseconds."""

    contestant: str
    workload: str
    round: int
    requests: int
    seconds: float
    cpu_ms: float
    front_cpu_ms: float
    latencies: list[float]
    failures: list[str]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to measure: `rounds`, but none begins after `seconds`, beyond the first few."""

    contestants: Sequence[Contestant]
    workloads: Sequence[str]
    rounds: int
    seconds: float
    requests: int
    concurrency: int


def compare(plan: Plan, *, env: Mapping[str, str], scratch: Path, said: Said) -> list[Sample]:
    """Fill the databases, run the rounds, drop the databases; returns all samples."""
    run = secrets.token_hex(4)
    names = {each.database: f"bench_{run}_{each.database}" for each in plan.contestants}
    client: MongoClient[Document] = MongoClient(env["MONGODB_URL"])
    try:
        _prepare(plan, client=client, names=names, env=env, said=said)
        workloads = Workloads(secret=env["JWT_SECRET_KEY"])
        with load_generator() as driver, ExitStack() as started:
            servers = []
            for each in plan.contestants:
                said(f"starting {each.name}")
                server = serving(each, env=env, database=names[each.database], scratch=scratch)
                servers.append((each, started.enter_context(server)))
            rounds = _Rounds(plan=plan, servers=servers, driver=driver, workloads=workloads)
            return list(rounds.samples(said))
    finally:
        for name in names.values():
            client.drop_database(name)
        client.close()


def _prepare(
    plan: Plan,
    *,
    client: MongoClient[Document],
    names: Mapping[str, str],
    env: Mapping[str, str],
    said: Said,
) -> None:
    shapes = {each.database: each for each in plan.contestants}
    for key, name in names.items():
        said(f"filling the database of {shapes[key].name}")
        if shapes[key].shape is as_stored:
            create_indexes(client[name])
        if shapes[key].name == DRF:
            _migrate(env={**env, **shapes[key].env, "MONGODB_DATABASE": name})
        fill(client=client, database=name, populations=POPULATIONS, shape=shapes[key].shape)


def _migrate(*, env: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"],
        env={**env, "PYTHONPATH": str(ROOT)},
        check=True,
    )


@dataclass(frozen=True, kw_only=True)
class _Rounds:
    plan: Plan
    servers: Sequence[tuple[Contestant, Running]]
    driver: Driver
    workloads: Workloads

    def samples(self, said: Said) -> Iterator[Sample]:
        deadline = time.monotonic() + self.plan.seconds
        for number in range(self.plan.rounds):
            if number >= LEAST_ROUNDS and time.monotonic() > deadline:
                return
            # Turned at every round, so that none is always first.
            turn = number % len(self.servers)
            for workload in self.plan.workloads:
                for contestant, server in (*self.servers[turn:], *self.servers[:turn]):
                    if workload in contestant.workloads:
                        said(f"round {number + 1}: {workload}, {contestant.name}")
                        yield self._measure(contestant, server, workload, number)

    def _measure(
        self, contestant: Contestant, server: Running, workload: str, number: int
    ) -> Sample:
        self._drive(server, workload=workload, count=WARM_UP, seed=-1 - number)
        before = server.cpu()
        batch = self._drive(server, workload=workload, count=self.plan.requests, seed=number)
        after = server.cpu()
        cpu, front = (
            1000 * (then - now) / self.plan.requests
            for now, then in zip(before, after, strict=True)
        )
        return Sample(
            contestant=contestant.name,
            workload=workload,
            round=number,
            requests=self.plan.requests,
            seconds=batch.seconds,
            cpu_ms=cpu,
            front_cpu_ms=front,
            latencies=batch.latencies,
            failures=batch.failures,
        )

    def _drive(self, server: Running, *, workload: str, count: int, seed: int) -> Batch:
        requests = self.workloads.requests(workload=workload, count=count, seed=seed)
        return self.driver.run(url=server.url, requests=requests, concurrency=self.plan.concurrency)
