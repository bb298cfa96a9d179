"""The service's own servers fail: the database hangs, the cache dies and comes back."""

import os
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
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
from tests.e2e.live import LiveService, live_service

DATABASE = {"code": "database_unavailable", "naming": "The database"}
LONGEST = 20.0  # seconds; the deadline is 2 s, and the machine may be busy


@dataclass(kw_only=True)
class Hanging:
    """A service, and the database that is its alone."""

    faulty: Faulty
    process: subprocess.Popen[bytes]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the database keep its connections and say nothing, until the block ends."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # else one thread may still answer
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


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
        yield Hanging(faulty=faulty, process=process)


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


def ask_as_a_stranger(service: LiveService, method: str, path: str) -> requests.Response:
    """Ask the admin with a session that nobody has."""
    return requests.request(
        method,
        service.url + path,
        data={"username": "somebody", "password": "wrong"} if method == "POST" else None,
        cookies={"sessionid": uuid.uuid4().hex},
        timeout=120,
    )


def test_the_admin_tells_of_a_hanging_database(hanging: Hanging) -> None:
    """Its pages and its login form; when it goes on, so do they."""
    ask = partial(ask_as_a_stranger, hanging.faulty.service)
    with hanging.stopped():
        for path in ("/admin/", "/admin/conversations/conversation/"):
            assert_unavailable(ask("GET", path), **DATABASE)
        assert_unavailable(ask("POST", "/admin/login/"), **DATABASE)
    assert eventually(lambda: ask("GET", "/admin/").status_code == 200, LONGEST)


def test_strangers_cannot_hold_every_thread_by_the_admin(servers: None, tmp_path: Path) -> None:
    """More of them than threads, while the database is away: others are served meanwhile."""
    nobody = f"mongodb://127.0.0.1:{free_port()}/?directConnection=true"
    threads = {"WEB_THREADS": "5", "REQUEST_TIMEOUT": "60"}
    with (
        live_service(folder=tmp_path, MONGODB_URL=nobody, **threads) as service,
        ThreadPoolExecutor(max_workers=15) as pool,
    ):
        flood = [pool.submit(ask_as_a_stranger, service, "GET", "/admin/") for _ in range(15)]
        while not all(asked.done() for asked in flood):
            assert service.get("/health/live", timeout=LONGEST).status_code == 200
            time.sleep(0.1)
    for asked in flood:
        assert_unavailable(asked.result(), **DATABASE)


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
