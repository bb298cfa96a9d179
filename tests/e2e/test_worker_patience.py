"""A worker, for whom nobody waits, calls again more patiently than a request."""

import time
from pathlib import Path

from celery import Celery

from tests.doubles.fault_proxy import Fault
from tests.doubles.supervised import eventually
from tests.e2e.faulty import Faulty, faulty_service
from tests.e2e.workers import celery_worker

SECONDS = 60.0
SHORTEST = 0.5  # seconds before a worker asks again; a request waits for 0.1 at most


def test_a_worker_waits_longer_before_it_asks_again(servers: None, tmp_path: Path) -> None:
    """In a process forked by the worker, whose clients were not made before the fork."""
    with (
        faulty_service(folder=tmp_path, UPSTREAM_TIMEOUT="5", BREAKER_FAILURE_THRESHOLD="99") as it,
        celery_worker(
            *("--concurrency", "1", "-I", "tests.doubles.asking_task", "-Q", it.service.name),
            env=it.service.env,
            log=tmp_path / "worker.log",
        ),
    ):
        queue = Celery(broker=it.service.env["CELERY_BROKER_URL"], set_as_current=False)
        for number in range(10):  # calls that succeed save up for retries
            send(queue, it, f"c{number}")
        assert eventually(lambda: it.characters.requests >= 10, SECONDS)
        asked_at: list[float] = []

        def fail() -> Fault:
            asked_at.append(time.monotonic())
            return Fault.STATUS_500

        it.characters.choose = fail
        send(queue, it, "broken")
        assert eventually(lambda: len(asked_at) >= 2, SECONDS)
        assert asked_at[1] - asked_at[0] > SHORTEST - 0.1
        queue.close()


def send(queue: Celery, faulty: Faulty, character_id: str) -> None:
    queue.send_task("tests.doubles.asking_task.ask_for", [character_id], queue=faulty.service.name)
