"""How the commands end: with codes that scripts can tell apart, and a line for people."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation_service.management.commands.health_check import EXAMPLES
from devstack.ports import accepts

ROOT = Path(__file__).parents[3]
SECONDS = 120.0
NAMED = {
    "MONGODB_URL": "mongodb://127.0.0.1:1/?directConnection=true",
    "REDIS_URL": "redis://127.0.0.1:1",
}
DEFAULT_PORTS = (27017, 6379)
SILENT = [
    "cleanup --dry-run",
    "erase_user maria --yes",
    "feature list",
    "health_check",
    "outbox resend",
    "seed_demo",
    "setup_indexes --check",
]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return one in which nothing is set up."""
    return {**os.environ, "ENVIRONMENT": "test", "DATA_DIR": str(tmp_path)}


def ran(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def ended(environment: dict[str, str], *words: str) -> tuple[int, str]:
    """Run a command; returns its exit code, and what it said on the standard error."""
    done = ran(environment, *words)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "health_check --bogus",
        "migrate_data --batch-size abc",
        "migrate_data --batch-size 0",
        "migrate_data --status --dry-run",
        "breaker open storage",
        "cleanup everything",
        "erase_user me --yes",
        "erase_user maria",
        "outbox resend --conversation zzz",
        "setup_indexes --check --prune",
    ],
)
def test_a_wrong_option_is_no_verdict(environment: dict[str, str], command: str) -> None:
    """64, EX_USAGE: no command means anything else by it."""
    code, told = ended(environment, *command.split())
    assert code == 64
    assert "rror: " in told
    assert "Traceback" not in told


def test_a_wrong_environment_is_no_verdict(environment: dict[str, str]) -> None:
    """78, EX_CONFIG, and one line."""
    code, told = ended({**environment, "JWT_ALGORITHM": "XX"}, "health_check")
    assert code == 78
    assert re.fullmatch(r"configuration: JWT_ALGORITHM: [^\n]+\n", told)


@pytest.mark.parametrize(
    "wrong", [{"option": "--bogus"}, {"JWT_ALGORITHM": "XX"}], ids=["option", "environment"]
)
def test_who_waits_for_health_does_not_wait_for_a_mistake_to_go(
    environment: dict[str, str], wrong: dict[str, str]
) -> None:
    """The loop of the help text, as a shell reads it, ends."""
    [loop] = re.findall(r"^  (while .*; done)$", EXAMPLES, re.MULTILINE)
    program = f"{sys.executable} manage.py health_check {wrong.pop('option', '')}"
    subprocess.run(
        ["/bin/sh", "-c", loop.replace("manage.py health_check", program)],
        cwd=ROOT,
        env={**environment, **wrong},
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )


@pytest.mark.parametrize("command", ["outbox status", "health_check", "breaker list"])
def test_it_says_where_it_looked_for_servers(
    environment: dict[str, str], tmp_path: Path, command: str
) -> None:
    """Where it was told of none: `make run` may have been given another DATA_DIR."""
    if any(accepts(port) for port in DEFAULT_PORTS):
        pytest.skip("something listens where the database and the cache are by default")
    unnamed = {name: value for name, value in environment.items() if not name.endswith("_URL")}
    code, told = ended(unnamed, *command.split())
    assert code in {1, 2}
    assert str(tmp_path) in told
    assert "DATA_DIR" in told
    code, told = ended({**unnamed, **NAMED}, *command.split())
    assert code in {1, 2}
    assert "DATA_DIR" not in told


def test_a_program_can_read_what_is_wrong(environment: dict[str, str]) -> None:
    """What is logged meanwhile goes to the standard error."""
    done = ran({**environment, **NAMED}, "health_check", "--json")
    assert done.returncode == 2
    assert '"event":"redis is away' in done.stderr
    assert json.loads(done.stdout)["ready"] is False


@pytest.fixture
def silent_database() -> Iterator[socket.socket]:
    """Yield what listens where a database should be, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(SECONDS)
        yield listener


@pytest.mark.parametrize("command", SILENT)
def test_it_stops_with_one_line(
    environment: dict[str, str], silent_database: socket.socket, command: str
) -> None:
    """Whatever it waits for; 130, as shells have it."""
    port = silent_database.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command.split()],
        cwd=ROOT,
        env={**environment, "MONGODB_URL": f"mongodb://127.0.0.1:{port}/?directConnection=true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    connection, _ = silent_database.accept()
    with connection:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    said = [line for line in told.splitlines() if not line.startswith("{")]  # no log
    assert len(said) == 1
    assert "Stopped" in told
