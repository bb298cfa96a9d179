"""Breakers over HTTP: across processes, by hand, in /health and in /metrics."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integrations.breakers import list_breakers
from integrations.resilience.shared import connect_redis
from tests.doubles.fault_proxy import Fault
from tests.doubles.supervised import eventually
from tests.e2e.faulty import CONVERSATIONS, Faulty, assert_unavailable, at_once, faulty_service

CHARACTERS = {"code": "upstream_unavailable", "naming": "The Characters Service"}
STATE = 'upstream_breaker_state{upstream="characters"}'
SECONDS = 20.0
PROCESSES, PARALLEL = 4, 200


def breaker(faulty: Faulty, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run `manage.py breaker` as an operator of this service."""
    return subprocess.run(
        [sys.executable, "manage.py", "breaker", *words],
        env=faulty.service.env | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def running(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Return a service whose breakers open as they do by default."""
    folder = tmp_path_factory.mktemp("breakers")
    with faulty_service(folder=folder, BREAKER_FAILURE_THRESHOLD="5") as running:
        yield running


@pytest.fixture
def faulty(running: Faulty) -> Iterator[Faulty]:
    """Return the service, its breakers closed."""
    yield running
    running.characters.fault = Fault.NONE
    assert breaker(running, "close", "characters").returncode == 0
    assert eventually(lambda: running.service.sample(STATE) == 0, SECONDS)


@pytest.fixture
def token(faulty: Faulty, user_id: str) -> str:
    return faulty.service.token(user_id)


def test_an_open_breaker_is_seen_everywhere(faulty: Faulty, token: str) -> None:
    """State, window and last error in /health, in /metrics and in the operator's list."""
    faulty.characters.fault = Fault.STATUS_500
    refused = [faulty.create(f"seen{number}", token=token) for number in range(10)]
    assert_unavailable(refused[-1], **CHARACTERS)
    assert int(refused[-1].headers["Retry-After"]) > 10  # it knows for how long

    assert eventually(lambda: faulty.service.sample(STATE) == 2, SECONDS)
    assert faulty.service.sample('upstream_breaker_state{upstream="auth"}') == 0
    failure = 'upstream_last_failure_timestamp_seconds{outcome="status_5xx",upstream="characters"}'
    assert time.time() - 120 < faulty.service.sample(failure) <= time.time()
    assert eventually(lambda: votes(faulty, "failed") >= 5, SECONDS)
    assert votes(faulty, "total") >= votes(faulty, "failed")
    assert eventually(lambda: faulty.health()["characters_service"]["breaker"] == "open", SECONDS)
    report = faulty.health()["characters_service"]
    assert report["status"] == "unhealthy"  # the proxy answers its probes with 500 as well
    assert report["last_error"] == "status_5xx"
    assert report["window"]["failed"] >= 5
    assert faulty.health()["auth_service"]["breaker"] == "closed"
    shown = breaker(faulty, "list").stdout
    assert "open for" in line_of("characters", shown)
    assert "closed" in line_of("auth", shown)


def votes(faulty: Faulty, kind: str) -> float:
    return faulty.service.sample(f'upstream_breaker_votes{{upstream="characters",votes="{kind}"}}')


def line_of(name: str, table: str) -> str:
    return next(line for line in table.splitlines() if name in line.split())


def test_an_operator_holds_a_breaker_open_and_closes_it(faulty: Faulty, token: str) -> None:
    """Without a restart: no call goes out while it is held open, and calls pass after that."""
    assert faulty.create("before", token=token).status_code == 201

    held = breaker(faulty, "open", "characters")
    assert "held open" in line_of("characters", held.stdout)
    assert eventually(lambda: faulty.service.sample(STATE) == 2, SECONDS)
    seen = faulty.upstreams.calls
    assert_unavailable(faulty.create("during", token=token), **CHARACTERS)
    assert faulty.upstreams.calls == seen

    closed = breaker(faulty, "close", "characters")
    assert "closed" in line_of("characters", closed.stdout)
    assert eventually(lambda: faulty.create("after", token=token).status_code == 201, SECONDS)


def test_the_command_explains_itself(faulty: Faulty) -> None:
    """The help names the actions, the states and what to type."""
    text = breaker(faulty, "--help").stdout
    for word in ("list", "open", "close", "half-open", "held open", "breaker open characters"):
        assert word in text


def test_the_command_refuses_a_breaker_that_is_not_there(faulty: Faulty) -> None:
    """And names those there are."""
    ran = breaker(faulty, "open", "storage")
    assert ran.returncode == 64
    assert "auth" in ran.stderr
    assert "characters" in ran.stderr


def test_the_command_says_that_redis_is_away(faulty: Faulty) -> None:
    """One line, no traceback."""
    ran = breaker(faulty, "list", REDIS_URL="redis://127.0.0.1:1/0")
    assert ran.returncode == 1
    assert ran.stderr.startswith("ServerAway: Redis cannot be reached")
    assert ran.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def crowd(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Return a service of four processes, with a breaker that is quick to open and to try again."""
    changes = {
        "WEB_WORKERS": str(PROCESSES),
        "WEB_THREADS": "60",
        "AUTH_VALIDATION": "local",
        "REQUEST_TIMEOUT": "120",
        "UPSTREAM_TIMEOUT": "50",
        "CHARACTERS_MAX_CONCURRENCY": "50",
        "BREAKER_FAILURE_THRESHOLD": "2",
        "BREAKER_RESET_TIMEOUT": "2",
    }
    with faulty_service(folder=tmp_path_factory.mktemp("crowd"), **changes) as crowd:
        yield crowd


def test_a_cold_character_is_asked_for_once_in_each_process(crowd: Faulty, user_id: str) -> None:
    """A hundred creates at once make as many calls as there are processes, or fewer."""
    token = crowd.service.token(user_id)
    crowd.upstreams.delay = 0.5
    seen = crowd.upstreams.calls

    answers = at_once(lambda _: crowd.create("cold", token=token).status_code, times=100)

    crowd.upstreams.delay = 0.0
    assert Counter(answers) == {201: 100}
    assert 1 <= crowd.upstreams.calls - seen <= PROCESSES


def test_four_processes_make_one_probe(crowd: Faulty, user_id: str) -> None:
    """Two hundred creates at once, the open time past: one goes out, the others are refused."""
    token = crowd.service.token(user_id)
    crowd.characters.fault = Fault.STATUS_500
    with connect_redis(crowd.valkey.url) as redis:
        assert eventually(
            lambda: (
                crowd.create("broken", token=token).status_code == 503
                and list_breakers(redis)["characters"].state == "open"
            ),
            SECONDS,
        )
        crowd.characters.fault = Fault.NONE
        assert eventually(lambda: list_breakers(redis)["characters"].state == "half_open", SECONDS)
    seen = crowd.upstreams.calls
    crowd.upstreams.gate.clear()  # the probe stays under way until the others are done
    refused = threading.Semaphore(0)

    def create(number: int) -> int:
        status = crowd.create(f"probe{number}", token=token).status_code
        refused.release()
        return status

    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        statuses = pool.map(create, range(PARALLEL))
        others = [refused.acquire(timeout=60) for _ in range(PARALLEL - 1)]
        crowd.upstreams.gate.set()

    assert all(others)
    assert Counter(statuses) == {503: PARALLEL - 1, 201: 1}
    assert crowd.upstreams.calls - seen == 1


def test_calls_overlap_up_to_the_bulkhead(servers: None, user_id: str, tmp_path: Path) -> None:
    """Thirty-two creates are upstream all at the same time, though none has been answered yet."""
    wide = {"CHARACTERS_MAX_CONCURRENCY": "32", "WEB_THREADS": "40"}
    slow = {"UPSTREAM_TIMEOUT": "30", "REQUEST_TIMEOUT": "90", "AUTH_VALIDATION": "local"}
    with (
        faulty_service(folder=tmp_path, **wide, **slow) as faulty,
        ThreadPoolExecutor(max_workers=32) as pool,
    ):
        token = faulty.service.token(user_id)
        faulty.upstreams.gate.clear()
        creates = [pool.submit(faulty.create, f"wide{n}", token=token) for n in range(32)]

        assert eventually(lambda: faulty.upstreams.calls == 32, SECONDS)
        faulty.upstreams.gate.set()
        assert {each.result().status_code for each in creates} == {201}


def test_reading_goes_on_while_characters_hangs(
    servers: None, user_id: str, tmp_path: Path
) -> None:
    """Creates that hang hold no more threads than the bulkhead has slots."""
    slow = {"UPSTREAM_TIMEOUT": "20", "REQUEST_TIMEOUT": "60", "WEB_THREADS": "12"}
    with (
        faulty_service(folder=tmp_path, **slow) as faulty,
        ThreadPoolExecutor(max_workers=10) as pool,
    ):
        token = faulty.service.token(user_id)
        created = faulty.create("ada", token=token).json()
        faulty.characters.fault = Fault.HANG
        creates = [pool.submit(faulty.create, f"hang{n}", token=token) for n in range(10)]
        # The five that find no slot are refused; the others hang.
        assert eventually(lambda: sum(each.done() for each in creates) == 5, SECONDS)

        for _ in range(20):
            listed = faulty.send("GET", CONVERSATIONS, token=token, timeout=10)
            read = faulty.send("GET", f"{CONVERSATIONS}/{created['id']}", token=token, timeout=10)
            assert [row["id"] for row in listed.json()["results"]] == [created["id"]]
            assert read.json() == created

        assert sum(each.done() for each in creates) == 5, "the creates did not hang long enough"
        faulty.characters.fault = Fault.REFUSE  # lets go of them
        assert {each.result().status_code for each in creates} == {503}
