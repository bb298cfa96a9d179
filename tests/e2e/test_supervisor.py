"""How `make run` starts and ends, and what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pymongo
import pytest
import redis

from devstack.ports import free_port
from tests.doubles.supervised import (
    START_SECONDS,
    Supervised,
    eventually,
    running,
    supervised,
)

PROMISED_SECONDS = 10.0
# Words of their command lines: what is ended last, and one with workers of its own.
PARTS = ("mongo-", "granian")
WAITING = 2
PROCESSES = 9  # database, cache, two stand-ins, web, worker, beat, front, guardian: at least


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Supervised]:
    with supervised(data_dir=tmp_path / "var") as running_stack:
        running_stack.wait_for_ready()
        yield running_stack


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    """Share a stack between tests that leave it running."""
    own: dict[str, Any] = {"MONGODB_DATABASE": "of_its_own", "JWT_SECRET_KEY": "short"}
    with supervised(data_dir=tmp_path_factory.mktemp("shared") / "var", **own) as running_stack:
        running_stack.wait_for_ready()
        yield running_stack


def test_it_says_once_where_everything_is(shared: Supervised) -> None:
    """One ready line with the URLs, the login and how to get a token; the service answers."""
    (line,) = shared.ready_lines
    assert "admin / admin" in line
    assert re.search(rf"DATA_DIR={shared.data_dir} \S+ manage.py issue_token USER", line)
    assert f"http://127.0.0.1:{shared.port}/api/v1" in line
    assert shared.get("/health/live")[0] == 200


def test_it_is_healthy_when_it_says_ready(shared: Supervised) -> None:
    """Ready means all of it: the worker too. A busy machine may answer one probe late."""

    def statuses() -> dict[str, str]:
        status, _, body = shared.get("/health")
        assert status == 200
        return {name: each["status"] for name, each in json.loads(body)["dependencies"].items()}

    assert {"mongodb", "redis", "broker", "worker", "outbox"} <= statuses().keys()
    assert eventually(lambda: set(statuses().values()) == {"healthy"}, 30), statuses()


def test_what_it_says_is_not_swept_away(shared: Supervised) -> None:
    """Tasks come every second; none of them is worth a line while all is well."""
    time.sleep(2.5)  # some of them
    assert not [line for line in shared.out if "outbox.sweep" in line]


def test_it_tells_other_commands_where_its_servers_are(shared: Supervised) -> None:
    """The file names servers that answer, each use of the cache apart from the others."""
    names = shared.servers()
    assert redis.Redis.from_url(names["REDIS_URL"]).ping()
    assert len({names[n] for n in ("REDIS_URL", "CELERY_BROKER_URL", "EVENTS_BROKER_URL")}) == 3
    characters = urlsplit(names["CHARACTERS_SERVICE_URL"])
    connection = HTTPConnection(str(characters.hostname), characters.port or 80, timeout=10)
    connection.request("GET", "/characters/ada")
    assert b"Ada Lovelace" in connection.getresponse().read()
    connection.close()


def test_other_commands_use_its_secret_and_its_database(shared: Supervised) -> None:
    """A token made in another terminal is one that the service takes."""
    status, _, _ = shared.get("/api/v1/conversations", Authorization=_bearer(shared))
    assert status == 200
    assert shared.servers()["MONGODB_DATABASE"] == "of_its_own"
    assert shared.env_file.stat().st_mode & 0o077 == 0


def test_it_ends_with_the_make_that_started_it(tmp_path: Path) -> None:
    """Who kills `make run` by kill -9 kills make alone, and means all of it."""
    command = f"{sys.executable} -m devstack run & echo $!; wait"
    env = {**os.environ, "MAKELEVEL": "1", "PORT": str(free_port()), "DATA_DIR": str(tmp_path)}
    with subprocess.Popen(
        ["bash", "-c", command], env=env, stdout=subprocess.PIPE, text=True
    ) as make:
        assert make.stdout is not None
        supervisor = psutil.Process(int(make.stdout.readline()))
        assert eventually(lambda: len(supervisor.children()) > 1, START_SECONDS)
        make.kill()
        make.stdout.close()
    assert eventually(lambda: not running([supervisor]), 2 * PROMISED_SECONDS)


def test_a_second_run_on_the_same_folder_is_refused(shared: Supervised) -> None:
    """One line that names folder and process; the first run is not disturbed."""
    with supervised(data_dir=shared.data_dir) as second:
        assert second.wait_for_end() == 1
    (line,) = second.err
    assert str(shared.data_dir) in line
    assert str(shared.process.pid) in line
    assert shared.get("/health/live")[0] == 200


def test_a_worker_of_the_web_server_that_dies_is_replaced(shared: Supervised) -> None:
    """The web server's own worker is no part of the stack: it is started anew, and all goes on."""
    victim = shared.child("granian").children()[-1]
    victim.kill()
    assert eventually(lambda: not running([victim]), PROMISED_SECONDS)
    assert eventually(lambda: shared.get("/health/live")[0] == 200, PROMISED_SECONDS)
    assert shared.process.poll() is None


def test_who_waits_for_events_is_answered_when_it_ends(stack: Supervised) -> None:
    """By an early page, through the front: the wait is longer than all of the end may take."""
    bearer = _bearer(stack)
    _, _, body = stack.get("/api/v1/events", Authorization=bearer)
    path = f"/api/v1/events?after={json.loads(body)['next_cursor']}&wait=25"
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(stack.get, path, Authorization=bearer) for _ in range(WAITING)]
        assert eventually(lambda: f"feed_waiting {WAITING}" in _metrics(stack), 30)
        stack.process.send_signal(signal.SIGTERM)
        answers = [each.result() for each in waiting]
    assert [(status, json.loads(body)["results"]) for status, _, body in answers] == [
        (200, [])
    ] * WAITING
    assert stack.wait_for_end() == 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_all_within_the_promised_time(stack: Supervised, signum: signal.Signals) -> None:
    """Asked to end, it ends with status 0, nothing of it runs any more, no server is named."""
    tree = stack.tree()
    asked = time.monotonic()
    stack.process.send_signal(signum)
    assert stack.wait_for_end() == 0
    assert time.monotonic() - asked < PROMISED_SECONDS
    assert not running(tree)
    assert not stack.env_file.exists()


@pytest.mark.parametrize("part", PARTS)
def test_it_ends_all_when_a_part_dies(stack: Supervised, part: str) -> None:
    """A killed part is named in one line with how it ended; the rest is ended, status 1."""
    tree = stack.tree()
    stack.child(part).kill()
    assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert line.startswith("stopped: ")
    assert "was ended by SIGKILL" in line
    assert eventually(lambda: not running(tree), PROMISED_SECONDS), running(tree)


def test_it_leaves_nothing_when_it_is_killed_and_finds_its_data_again(tmp_path: Path) -> None:
    """After a kill -9 of it and of parts, its guardian ends the rest; the next run has the data."""
    for visit in ("first", "second"):
        with supervised(data_dir=tmp_path / "var") as stack:
            stack.wait_for_ready()
            with redis.Redis.from_url(
                stack.servers()["EVENTS_BROKER_URL"], decode_responses=True
            ) as cache:
                kept = cache.get("kept")
                cache.set("kept", visit)
            written = _visits(stack.servers()["MONGODB_URL"], visit=visit)
            tree = stack.tree()
            assert len(tree) >= PROCESSES
            parts = [stack.child(part) for part in PARTS]
            stack.process.kill()
            for part in parts:
                part.kill()
            assert eventually(partial(_all_gone, tree), 2 * PROMISED_SECONDS), running(tree)
            assert not stack.env_file.exists()
    assert kept == "first"
    assert written == ["first", "second"]


def test_it_runs_without_demo_data_where_nobody_knows_its_characters(tmp_path: Path) -> None:
    """Why there is none is told; the service is there."""
    with supervised(
        data_dir=tmp_path / "var", CHARACTERS_SERVICE_URL=f"http://127.0.0.1:{free_port()}"
    ) as stack:
        stack.wait_for_ready()
        (line,) = [line for line in stack.out if line.startswith("demo-data")]
        assert "left out" in line
        assert "characters: refused" in line
        status, _, body = stack.get("/api/v1/conversations", Authorization=_bearer(stack))
    assert (status, json.loads(body)["results"]) == (200, [])


def test_a_command_gets_servers_and_its_status_is_returned(tmp_path: Path) -> None:
    """`exec` names servers that answer, returns the command's status, and leaves no data."""
    script = "import os, sys; print(os.environ['MONGODB_URL'], os.environ['DATA_DIR']); sys.exit(7)"
    process = psutil.Popen(
        [sys.executable, "-m", "devstack", "exec", "--", sys.executable, "-c", script],
        env={name: value for name, value in os.environ.items() if not name.endswith("_URL")},
        stdout=-1,
        stderr=-1,
        text=True,
    )
    out, _ = process.communicate(timeout=60)
    url, folder = out.split()
    assert process.returncode == 7
    assert url.startswith("mongodb://127.0.0.1:")
    assert not Path(folder).exists()


def _bearer(stack: Supervised) -> str:
    """Return what a request of a user has as Authorization, made in another terminal."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "issue_token", "maria"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(stack.data_dir)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return f"Bearer {ran.stdout.strip()}"


def _metrics(stack: Supervised) -> str:
    return stack.get("/metrics")[2].decode()


def _all_gone(processes: list[psutil.Process]) -> bool:
    return not running(processes)


def _visits(url: str, *, visit: str) -> list[str]:
    with pymongo.MongoClient[dict[str, str]](url) as client:
        collection = client["devstack_test"]["visits"]
        collection.insert_one({"visit": visit})
        return [row["visit"] for row in collection.find().sort("_id", 1)]
