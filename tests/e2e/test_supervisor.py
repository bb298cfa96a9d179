"""How `make run` starts and ends, and what it leaves behind."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pymongo
import pytest
import redis

from tests.doubles.supervised import Supervised, eventually, running, supervised

PROMISED_SECONDS = 10.0
# Words of their command lines: the first to start, the last, and one with workers of its own.
PARTS = ("mongo-", "nginx", "granian")
PROCESSES = 9  # database, cache, two stand-ins, web, worker, beat, front, guardian: at least


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Supervised]:
    with supervised(data_dir=tmp_path / "var") as running_stack:
        running_stack.wait_for_ready()
        yield running_stack


def test_it_says_once_where_everything_is(stack: Supervised) -> None:
    """One ready line with the URLs, the login and how to get a token; the URLs answer."""
    (line,) = stack.ready_lines
    assert "admin / admin" in line
    assert "manage.py issue_token USER" in line
    assert f"http://127.0.0.1:{stack.port}/api/v1" in line
    assert stack.get("/health/live")[0] == 200


def test_it_tells_other_commands_where_its_servers_are(stack: Supervised) -> None:
    """The file names servers that answer, and is gone when they are."""
    path = stack.data_dir / "run" / "stack.env"
    names = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert redis.Redis.from_url(names["REDIS_URL"]).ping()
    assert len({names[n] for n in ("REDIS_URL", "CELERY_BROKER_URL", "EVENTS_BROKER_URL")}) == 3
    characters = urlsplit(names["CHARACTERS_SERVICE_URL"])
    connection = HTTPConnection(str(characters.hostname), characters.port or 80, timeout=10)
    connection.request("GET", "/characters/ada")
    assert b"Ada Lovelace" in connection.getresponse().read()
    connection.close()
    stack.process.terminate()
    assert stack.wait_for_end() == 0
    assert not path.exists()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_all_within_the_promised_time(stack: Supervised, signum: signal.Signals) -> None:
    """Asked to end, it ends with status 0 and nothing of it runs any more."""
    tree = stack.tree()
    asked = time.monotonic()
    stack.process.send_signal(signum)
    assert stack.wait_for_end() == 0
    assert time.monotonic() - asked < PROMISED_SECONDS
    assert not running(tree)


def test_it_leaves_nothing_running_when_it_is_killed(stack: Supervised) -> None:
    """Killed with -9, its guardian ends all processes and removes the file of servers."""
    tree = stack.tree()
    assert len(tree) >= PROCESSES
    stack.process.kill()
    assert eventually(lambda: not running(tree), 2 * PROMISED_SECONDS), running(tree)
    assert not (stack.data_dir / "run" / "stack.env").exists()


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


def test_a_worker_of_the_web_server_that_dies_is_replaced(stack: Supervised) -> None:
    """The web server's own worker is no part of the stack: it is started anew, and all goes on."""
    victim = stack.child("granian").children()[-1]
    victim.kill()
    assert eventually(lambda: not running([victim]), PROMISED_SECONDS)
    assert eventually(lambda: stack.get("/health/live")[0] == 200, PROMISED_SECONDS)
    assert stack.process.poll() is None


def test_it_finds_its_data_again_after_a_kill(tmp_path: Path) -> None:
    """What was written before a kill -9 is there in the next run on the same folder."""
    for visit in ("first", "second"):
        with supervised(data_dir=tmp_path / "var") as stack:
            stack.wait_for_ready()
            lines = (stack.data_dir / "run" / "stack.env").read_text().splitlines()
            names = dict(line.split("=", 1) for line in lines)
            with redis.Redis.from_url(names["EVENTS_BROKER_URL"], decode_responses=True) as cache:
                kept = cache.get("kept")
                cache.set("kept", visit)
            written = _visits(names["MONGODB_URL"], visit=visit)
            for part in PARTS:
                stack.child(part).kill()
            stack.process.kill()
    assert kept == "first"
    assert written == ["first", "second"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """One line that names the port, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with supervised(data_dir=tmp_path / "var", port=port) as stack:
            assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert f"port {port}" in line
    assert not list((tmp_path / "var" / "logs").iterdir())


@pytest.mark.parametrize("data_dir", ["/proc/nowhere", "{tmp_path}/a-file", "{tmp_path}/a-file/x"])
def test_a_data_folder_that_cannot_be_used_is_named(tmp_path: Path, data_dir: str) -> None:
    """One line that names the folder."""
    (tmp_path / "a-file").touch()
    folder = Path(data_dir.format(tmp_path=tmp_path))
    with supervised(data_dir=folder) as stack:
        assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert str(folder) in line


def test_a_broken_database_folder_is_told_in_one_line(tmp_path: Path) -> None:
    """A database that cannot open its files is named, and nothing is left running."""
    data = tmp_path / "var" / "mongo-py"
    data.mkdir(parents=True)
    (data / "WiredTiger").write_text("no database")
    (data / "WiredTiger.turtle").write_text("no database either")
    with supervised(
        data_dir=tmp_path / "var", PATH=_path_without("mongod", "secantusd-rs")
    ) as stack:
        assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert line.startswith("stopped: database ended with exit status")


def test_a_second_run_on_the_same_folder_is_refused(stack: Supervised) -> None:
    """One line that names folder and process; the first run is not disturbed."""
    with supervised(data_dir=stack.data_dir) as second:
        assert second.wait_for_end() == 1
    (line,) = second.err
    assert str(stack.data_dir) in line
    assert str(stack.process.pid) in line
    assert stack.get("/health/live")[0] == 200


def test_production_refuses_embedded_servers(tmp_path: Path) -> None:
    """Production has servers of its own: one line names the first variable that is missing."""
    secret = "x" * 64
    with supervised(
        data_dir=tmp_path / "var", ENVIRONMENT="production", JWT_SECRET_KEY=secret
    ) as stack:
        assert stack.wait_for_end() == 1
    (line,) = stack.err
    assert "MONGODB_URL must be set in production" in line
    assert secret not in line


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


def _visits(url: str, *, visit: str) -> list[str]:
    with pymongo.MongoClient[dict[str, str]](url) as client:
        collection = client["devstack_test"]["visits"]
        collection.insert_one({"visit": visit})
        return [row["visit"] for row in collection.find().sort("_id", 1)]


def _path_without(*programs: str) -> str:
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(
        folder for folder in folders if not any((Path(folder) / each).exists() for each in programs)
    )
