"""RATE_LIMIT while Redis, which counts, is away: nobody is refused for that, and it comes back."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.doubles.supervised import eventually
from tests.e2e.faulty import CONVERSATIONS, Faulty, at_once, faulty_service

LIMIT = 5
UNCHECKED = 'rate_limit_checks_total{outcome="unchecked"}'
LONG = 60.0  # seconds; all of it takes some two, and the machine may be busy


@pytest.fixture
def faulty(servers: None, tmp_path: Path) -> Iterator[Faulty]:
    with faulty_service(
        folder=tmp_path, RATE_LIMIT=f"{LIMIT}/hour", WEB_WORKERS="2", REQUEST_TIMEOUT="30"
    ) as running:
        yield running


@pytest.fixture(params=["killed", "hanging"])
def away(faulty: Faulty, request: pytest.FixtureRequest) -> tuple[Callable[[], None], ...]:
    """Return how Redis goes and how it comes back."""
    valkey = faulty.valkey
    return {
        "killed": (valkey.kill, valkey.start),
        "hanging": (valkey.hang, valkey.resume),
    }[request.param]


def test_redis_may_go_and_come_back_in_the_middle_of_the_load(
    faulty: Faulty, away: tuple[Callable[[], None], ...], user_id: str
) -> None:
    """Without it all pass, with it the limit holds again; no request fails in between."""
    go, come_back = away
    token = faulty.service.token(user_id)
    stop = threading.Event()

    def status() -> int:
        return faulty.send("GET", CONVERSATIONS, token=token).status_code

    def load(_: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        while not stop.is_set():
            statuses[status()] += 1
        return statuses

    with ThreadPoolExecutor(max_workers=3) as pool:
        loads = [pool.submit(load, thread) for thread in range(3)]
        try:
            assert eventually(lambda: status() == 429, LONG)
            go()
            # Every process has found out when many in a row are served.
            assert eventually(lambda: {status() for _ in range(10)} == {200}, LONG)
            come_back()
            assert eventually(lambda: {status() for _ in range(10)} == {429}, LONG)
        finally:
            stop.set()
        total = sum((each.result() for each in loads), Counter())

    assert set(total) == {200, 429}, total
    assert faulty.service.sample(UNCHECKED) > 0
    assert "Traceback" not in faulty.service.text()


def test_without_redis_the_answers_tell_the_policy_alone(faulty: Faulty, user_id: str) -> None:
    """Nobody knows what is left of it."""
    token = faulty.service.token(user_id)
    faulty.valkey.kill()
    answers = at_once(lambda _: faulty.send("GET", CONVERSATIONS, token=token), times=2 * LIMIT)

    assert {each.status_code for each in answers} == {200}
    for each in answers:
        assert each.headers["RateLimit-Policy"] == f'"default";q={LIMIT};w=3600'
        assert "RateLimit" not in each.headers


def test_a_revoked_token_is_on_nobodys_account(faulty: Faulty, user_id: str) -> None:
    """It is well signed, and still not the user who calls."""
    revoked, token = (faulty.service.token(user_id, jti=jti) for jti in "ab")
    faulty.upstreams.revoked.add(revoked)
    for _ in range(LIMIT + 1):
        assert faulty.send("GET", CONVERSATIONS, token=revoked).status_code == 401

    answer = faulty.send("GET", CONVERSATIONS, token=token)
    assert answer.headers["RateLimit"].startswith(f'"default";r={LIMIT - 1};')
