"""Across processes, one probe at a time."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO

from tests.integration.integrations.conftest import Settings, World
from tests.integration.integrations.test_breaker import state, trip

PROCESSES, THREADS = 4, 50


def test_four_processes_and_two_hundred_requests_make_one_probe(world: World) -> None:
    """While the probe is under way the other 199 are refused, and the upstream sees one call."""
    settings = Settings(
        auth_service_url=world.proxy.url,
        characters_service_url=world.proxy.url,
        upstream_timeout=20.0,
        breaker_failure_threshold=2,
        breaker_reset_timeout=1.0,
        characters_max_concurrency=THREADS,
    )
    clients = world.clients(**asdict(settings))
    trip(world, clients)
    seen = world.stand_in.calls
    world.stand_in.gate.clear()  # the probe stays under way until the others are done

    with calling_processes(world, settings) as (inputs, outcomes):
        for pipe in inputs:
            pipe.write("go\n")
            pipe.flush()
        refused = [outcomes.get(timeout=30) for _ in range(PROCESSES * THREADS - 1)]
        world.stand_in.gate.set()
        probe = outcomes.get(timeout=30)

    assert set(refused) == {"breaker_open"}
    assert probe == "ok"
    assert world.stand_in.calls == seen + 1
    assert state(clients) in {"closed", "half_open"}


@contextmanager
def calling_processes(
    world: World, settings: Settings
) -> Iterator[tuple[list[IO[str]], "queue.Queue[str]"]]:
    """Run the processes until all are ready, and collect what they print."""
    module = "tests.integration.integrations.calling_process"
    command = [sys.executable, "-m", module, json.dumps(asdict(settings)), world.valkey.url]
    processes = [
        subprocess.Popen(
            [*command, str(THREADS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    outcomes: queue.Queue[str] = queue.Queue()
    readers = [threading.Thread(target=_collect, args=(p.stdout, outcomes)) for p in processes]
    try:
        for reader in readers:
            reader.start()
        assert [outcomes.get(timeout=60) for _ in processes] == ["ready"] * PROCESSES
        yield [process.stdin for process in processes if process.stdin], outcomes
    finally:
        for process in processes:
            if process.stdin:
                process.stdin.close()
        for process, reader in zip(processes, readers, strict=True):
            process.wait(timeout=30)
            reader.join(timeout=30)


def _collect(output: IO[str], outcomes: "queue.Queue[str]") -> None:
    with output:
        for line in output:
            outcomes.put(line.strip())
