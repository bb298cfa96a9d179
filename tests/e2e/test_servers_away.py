"""The service's own servers fail: the database hangs, the cache dies and comes back."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from bench.database import available, command
from bench.processes import running
from devstack.ports import accepts, free_port
from integrations.resilience.shared import connect_redis
from tests.doubles.supervised import eventually
from tests.e2e.faulty import CONVERSATIONS, Faulty, assert_unavailable, faulty_service
from tests.e2e.live import live_service

DATABASE = {"code": "database_unavailable", "naming": "The database"}
LONGEST = 20.0  # seconds; the deadline is 2 s, and the machine may be busy


@dataclass(kw_only=True)
class Hanging:
    """A service, and the database that is its alone."""

    faulty: Faulty
    send_signal: Callable[[int], None]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the database keep its connections and say nothing, until the block ends."""
        self.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def hanging(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hanging]:
    folder = tmp_path_factory.mktemp("hanging")
    data, port = folder / "data", free_port()
    data.mkdir()
    start = command(name=available()[0], folder=data, port=port)
    with (
        running(command=start, is_ready=partial(accepts, port), log=folder / "db.log") as process,
        faulty_service(
            folder=folder,
            MONGODB_URL=f"mongodb://127.0.0.1:{port}/?directConnection=true",
            REQUEST_TIMEOUT="2",
        ) as faulty,
    ):
        yield Hanging(faulty=faulty, send_signal=process.send_signal)


def every_call(faulty: Faulty, conversation_id: str, token: str) -> list[requests.Response]:
    """Return the answers to one call of each kind."""
    path = f"{CONVERSATIONS}/{conversation_id}"
    calls: list[tuple[str, str, Any]] = [
        ("GET", CONVERSATIONS, None),
        ("GET", f"{CONVERSATIONS}?pagination=offset&q=a", None),
        ("GET", path, None),
        ("POST", CONVERSATIONS, {"character_id": "ada"}),
        ("PATCH", path, {"title": "New"}),
        ("POST", f"{path}/archive", None),
        ("DELETE", path, None),
    ]
    return [faulty.send(method, where, token=token, json=body) for method, where, body in calls]


def test_a_hanging_database_holds_nobody_beyond_the_deadline(
    hanging: Hanging, user_id: str
) -> None:
    """A 503 with Retry-After for every kind of call; when it goes on, so does the service."""
    faulty, token = hanging.faulty, hanging.faulty.service.token(user_id)
    created = faulty.create("ada", token=token).json()

    with hanging.stopped():
        started = time.monotonic()
        answers = every_call(faulty, created["id"], token)
        took = time.monotonic() - started

    assert took < 7 * 2 + LONGEST
    for answer in answers:
        assert_unavailable(answer, **DATABASE)
    again = partial(faulty.send, "GET", f"{CONVERSATIONS}/{created['id']}", token=token)
    assert eventually(lambda: again().status_code == 200, LONGEST)


def test_a_hanging_database_is_told_of_at_once_to_many(hanging: Hanging, user_id: str) -> None:
    """More callers than connections: each gets the answer within its own deadline."""
    faulty, token = hanging.faulty, hanging.faulty.service.token(user_id)
    path = f"{CONVERSATIONS}/{faulty.create('ada', token=token).json()['id']}"

    with hanging.stopped(), ThreadPoolExecutor(max_workers=20) as pool:
        started = time.monotonic()
        answers = [pool.submit(faulty.send, "GET", path, token=token) for _ in range(20)]
        statuses = {answer.result().status_code for answer in answers}
        took = time.monotonic() - started

    assert statuses == {503}
    assert took < LONGEST


def test_a_database_that_refuses_is_told_of(servers: None, user_id: str, tmp_path: Path) -> None:
    """Long before the deadline: the search for a server has a limit of its own, of 5 s."""
    nobody = f"mongodb://127.0.0.1:{free_port()}/?directConnection=true"
    with live_service(folder=tmp_path, MONGODB_URL=nobody, REQUEST_TIMEOUT="60") as service:
        for path in (CONVERSATIONS, f"{CONVERSATIONS}/{'0' * 24}"):
            started = time.monotonic()
            answer = service.get(path, token=service.token(user_id), timeout=90)
            assert time.monotonic() - started < LONGEST
            assert_unavailable(answer, **DATABASE)


def test_redis_may_die_and_come_back_in_the_middle_of_the_load(
    servers: None, tmp_path: Path
) -> None:
    """No request fails for it, and its snapshots fill by themselves."""
    with faulty_service(folder=tmp_path, REQUEST_TIMEOUT="30", UPSTREAM_TIMEOUT="10") as faulty:
        stop = threading.Event()

        def load(thread: int) -> Counter[int]:
            statuses: Counter[int] = Counter()
            number = 0
            while not stop.is_set():
                number += 1
                token = faulty.service.token(f"user-{thread}", jti=str(number))
                statuses[faulty.create(f"c{thread}-{number}", token=token).status_code] += 1
                listed = faulty.send("GET", CONVERSATIONS, token=token)
                statuses[listed.status_code] += 1
            return statuses

        with ThreadPoolExecutor(max_workers=4) as pool:
            loads = [pool.submit(load, thread) for thread in range(4)]
            try:
                time.sleep(1)
                faulty.valkey.kill()
                time.sleep(3)
                faulty.valkey.start()
                assert eventually(lambda: has_snapshots(faulty), LONGEST)
            finally:
                stop.set()
        total = sum((each.result() for each in loads), Counter())

    assert set(total) == {200, 201}, total
    assert min(total.values()) > 20


def has_snapshots(faulty: Faulty) -> bool:
    with connect_redis(faulty.valkey.url) as redis:
        return bool(redis.keys("snapshot:characters:*"))
