"""Whatever Auth and Characters do, a caller gets the documented answer, in time."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import pytest

from tests.doubles.fault_proxy import Fault, FaultProxy
from tests.e2e.faulty import CONVERSATIONS, Faulty, assert_unavailable, faulty_service

FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
AT_THE_DOOR = [Fault.REFUSE, Fault.HANG_CONNECT]  # not to be had for single requests
TAKES_TIME = [Fault.HANG, Fault.HANG_BODY, Fault.DRIP_HEAD, Fault.DRIP_BODY]
ANSWERED = [fault for fault in FAULTS if fault not in AT_THE_DOOR + TAKES_TIME]
# Seconds; while connections are refused, failures come many times as fast as answers.
LASTS = {Fault.NONE: 1.0, Fault.REFUSE: 0.05, Fault.HANG_CONNECT: 0.2}
LONGEST = 10.0  # seconds; the deadline is 3 s, and the machine may be busy
REQUESTS, THREADS = 1000, 12


@pytest.fixture(scope="module")
def faulty(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Return the service as it is by default, but with short times."""
    with faulty_service(folder=tmp_path_factory.mktemp("faults")) as faulty:
        yield faulty


@pytest.fixture
def token(faulty: Faulty, user_id: str) -> Iterator[str]:
    """Return a token that the Auth Service has vouched for a moment ago."""
    token = faulty.service.token(user_id)
    assert faulty.send("GET", CONVERSATIONS, token=token).status_code == 200
    yield token
    faulty.auth.fault = faulty.characters.fault = Fault.NONE


@pytest.mark.parametrize("fault", FAULTS)
def test_characters_may_fail_in_any_way(
    faulty: Faulty, token: str, user_id: str, fault: Fault
) -> None:
    """A 503 for a character never seen, the last snapshot for one that was; the rest goes on."""
    new, known = f"new-{user_id}", f"known-{user_id}"
    faulty.remember(known, name="Last Known")
    faulty.characters.fault = fault
    started = time.monotonic()

    refused = faulty.create(new, token=token)
    stale = faulty.create(known, token=token)

    assert time.monotonic() - started < 2 * LONGEST
    assert_unavailable(refused, code="upstream_unavailable", naming="Characters Service")
    assert stale.status_code == 201
    assert stale.headers["X-Degraded"] == "characters-stale"
    assert stale.json()["character"]["name"] == "Last Known"
    listed = faulty.send("GET", CONVERSATIONS, token=token)
    assert [row["id"] for row in listed.json()["results"]] == [stale.json()["id"]]
    assert "X-Degraded" not in listed.headers


@pytest.mark.parametrize("fault", FAULTS)
def test_auth_may_fail_in_any_way(faulty: Faulty, token: str, user_id: str, fault: Fault) -> None:
    """A token never seen is taken by its signature, and the answer says so; a known one is fine."""
    unseen = faulty.service.token(user_id, jti=fault.name)
    faulty.auth.fault = fault
    started = time.monotonic()

    by_signature = faulty.send("GET", CONVERSATIONS, token=unseen)
    vouched_for = faulty.send("GET", CONVERSATIONS, token=token)

    assert time.monotonic() - started < LONGEST
    assert by_signature.status_code == vouched_for.status_code == 200
    assert by_signature.headers["X-Degraded"] == "auth-local"
    assert "X-Degraded" not in vouched_for.headers


def test_it_works_again_when_the_faults_are_over(faulty: Faulty, token: str, user_id: str) -> None:
    """Nothing is left behind: neither of the fault nor of the fallback."""
    faulty.auth.fault = faulty.characters.fault = Fault.STATUS_500
    unseen = faulty.service.token(user_id, jti="again")
    assert faulty.create(f"cold-{user_id}", token=unseen).status_code == 503
    faulty.auth.fault = faulty.characters.fault = Fault.NONE

    answer = faulty.create(f"cold-{user_id}", token=unseen)

    assert answer.status_code == 201
    assert "X-Degraded" not in answer.headers


@pytest.fixture(scope="module")
def impatient(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """Return a service whose requests have less time than a call to an upstream may take."""
    folder = tmp_path_factory.mktemp("impatient")
    times = {"REQUEST_TIMEOUT": "1.5", "UPSTREAM_TIMEOUT": "60"}
    with faulty_service(folder=folder, **times) as impatient:
        yield impatient


@pytest.mark.parametrize("fault", [Fault.HANG_CONNECT, *TAKES_TIME])
def test_the_deadline_of_the_request_bounds_the_calls(
    impatient: Faulty, user_id: str, fault: Fault
) -> None:
    """Both upstreams hang for longer than the request has: it ends all the same, with an answer."""
    impatient.auth.fault = impatient.characters.fault = fault
    token = impatient.service.token(user_id)
    started = time.monotonic()

    refused = impatient.create("d" * 100, token=token)
    listed = impatient.send("GET", CONVERSATIONS, token=token)

    assert time.monotonic() - started < 2 * LONGEST
    assert_unavailable(refused, code="upstream_unavailable", naming="Characters Service")
    assert listed.status_code == 200
    impatient.auth.fault = impatient.characters.fault = Fault.NONE


def test_a_thousand_requests_under_all_faults_give_nothing_wrong(
    servers: None, tmp_path: Path
) -> None:
    """No 500, no wrong data: what was acknowledged is there, and right, and nothing else is."""
    limits = {"AUTH_MAX_CONCURRENCY": "8", "CHARACTERS_MAX_CONCURRENCY": "8"}
    with faulty_service(folder=tmp_path, UPSTREAM_TIMEOUT="0.2", **limits) as faulty:
        faulty.auth.choose, faulty.characters.choose = mixed(5), mixed(6)
        with (
            weather(faulty.auth, faulty.characters),
            ThreadPoolExecutor(max_workers=THREADS) as pool,
        ):
            results = list(pool.map(lambda number: one_request(faulty, number), range(REQUESTS)))
        faulty.auth.choose = faulty.characters.choose = None

        statuses = Counter(status for status, _ in results)
        assert set(statuses) == {200, 201, 503}, statuses
        assert min(statuses.values()) > 20, statuses
        assert_stored(faulty, {each for _, each in results if each})
        assert "Traceback" not in faulty.service.text()


def mixed(seed: int) -> Callable[[], Fault]:
    """Return what chooses among all faults of single requests, the same way every time."""
    dice = random.Random(seed)
    faults = [Fault.NONE, *ANSWERED, *TAKES_TIME]
    weights = [20, *[2] * len(ANSWERED), *[1] * len(TAKES_TIME)]
    return lambda: dice.choices(faults, weights=weights)[0]


@contextmanager
def weather(*proxies: FaultProxy) -> Iterator[None]:
    """Refuse connections, or let them hang, for a moment now and then."""
    over = threading.Event()

    def change() -> None:
        for fault in cycle([Fault.NONE, Fault.REFUSE, Fault.NONE, Fault.HANG_CONNECT]):
            for proxy in proxies:
                proxy.fault = fault
            if over.wait(LASTS[fault]):
                break

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for proxy in proxies:
            proxy.fault = Fault.NONE


def one_request(faulty: Faulty, number: int) -> tuple[int, tuple[str, str] | None]:
    """Create a conversation or list; return the status, and what was created: user and title."""
    user_id = f"user-{number % 20}"
    # Half of the tokens are new to the service, so that it has to ask.
    token = faulty.service.token(user_id, jti=str(number // 2 if number % 2 else number))
    if number % 3 == 0:
        listed = faulty.send("GET", CONVERSATIONS, token=token)
        if listed.status_code == 200:
            assert {row["user_id"] for row in listed.json()["results"]} <= {user_id}
        return listed.status_code, None
    created = faulty.create(f"c{number}", token=token)
    if created.status_code != 201:
        assert created.json()["code"] == "upstream_unavailable", created.text
        return created.status_code, None
    assert created.json()["character"]["name"] == f"C{number}"
    return 201, (user_id, f"C{number}")


def assert_stored(faulty: Faulty, created: set[tuple[str, str]]) -> None:
    """Assert that the users have exactly these conversations."""
    found = set()
    for user_id in {f"user-{number}" for number in range(20)}:
        token = faulty.service.token(user_id)
        page = faulty.send("GET", f"{CONVERSATIONS}?limit=100", token=token).json()
        found |= {(user_id, row["title"]) for row in page["results"]}
    assert found == created
