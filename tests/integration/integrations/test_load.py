"""Load while everything goes wrong: nobody gets a wrong answer or an unexpected error."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.auth import AuthClient
from integrations.build import Clients
from integrations.errors import CharacterNotFound, TokenRejected, UpstreamUnavailable
from tests.doubles.fault_proxy import Fault
from tests.integration.integrations.conftest import World, in_parallel, soon, until

LATER = 2**33
TAKES_TIME = [Fault.HANG, Fault.HANG_BODY, Fault.DRIP_HEAD, Fault.DRIP_BODY]
AT_THE_DOOR = [Fault.REFUSE, Fault.HANG_CONNECT]  # not to be had for single requests
QUICK = [fault for fault in Fault if fault not in {Fault.NONE, *TAKES_TIME, *AT_THE_DOOR}]


def test_a_thousand_calls_under_all_faults_give_nothing_wrong(world: World) -> None:
    """Every call ends as right, not found or unavailable, within its deadline."""
    dice = random.Random(5)  # the same mix every time
    world.proxy.choose = lambda: dice.choices(
        [Fault.NONE, *QUICK, *TAKES_TIME], weights=[20, *[2] * len(QUICK), *[1] * len(TAKES_TIME)]
    )[0]
    clients = world.clients(
        upstream_timeout=0.2, characters_max_concurrency=16, breaker_failure_threshold=10_000
    )

    def timed_call(number: int) -> tuple[str, float]:
        started = time.monotonic()
        return one_call(clients, number), time.monotonic() - started

    with ThreadPoolExecutor(max_workers=16) as pool:
        results = list(pool.map(timed_call, range(1000)))

    outcomes = Counter(outcome for outcome, _ in results)
    assert sum(outcomes.values()) == 1000
    assert set(outcomes) == {"right", "unavailable"}
    assert min(outcomes.values()) > 100
    assert max(seconds for _, seconds in results) < 8


def one_call(clients: Clients, number: int) -> str:
    """Make one call; anything that is not one of the documented outcomes raises."""
    missing = number % 7 == 0
    character_id = f"missing{number}" if missing else f"c{number}"
    try:
        answer = clients.characters.get(character_id=character_id, deadline=soon(5))
    except CharacterNotFound:
        assert missing
        return "right"
    except UpstreamUnavailable:
        return "unavailable"
    assert (answer.character.id, answer.character.name) == (character_id, f"C{number}")
    return "right"


def test_tokens_are_never_misjudged_under_faults(world: World) -> None:
    """With a fifth of the tokens revoked and every fault about, no token is taken for another."""
    dice = random.Random(5)
    world.proxy.choose = lambda: dice.choice([Fault.NONE, Fault.NONE, *QUICK, Fault.HANG_BODY])
    auth = world.clients(
        upstream_timeout=0.2, auth_max_concurrency=16, breaker_failure_threshold=10_000
    ).auth
    world.stand_in.revoked = {f"t{number}" for number in range(0, 300, 5)}
    with ThreadPoolExecutor(max_workers=8) as pool:
        total = Counter(pool.map(lambda number: judge(auth, number), range(300)))

    assert total["wrong"] == 0
    assert total["stands"] > 20
    assert total["revoked"] > 5


def judge(auth: AuthClient, number: int) -> str:
    try:
        auth.introspect(token=f"t{number}", user_id="u1", expires_at=LATER, deadline=soon(5))
    except TokenRejected:
        return "revoked" if number % 5 == 0 else "wrong"
    except UpstreamUnavailable:
        return "unavailable"
    return "stands" if number % 5 else "wrong"


def test_a_dead_upstream_is_called_at_most_a_fifth_more_often(world: World) -> None:
    """Retries stay within their budget when nothing works, and do happen."""
    clients = world.clients(breaker_failure_threshold=10_000)
    world.proxy.fault = Fault.STATUS_500

    for number in range(100):
        with pytest.raises(UpstreamUnavailable):
            clients.characters.get(character_id=f"c{number}", deadline=soon())

    assert 100 < world.proxy.requests <= 120


def test_a_retry_makes_good_a_single_failure(world: World) -> None:
    """With a budget saved up, a failure among many successes is not seen by the caller."""
    clients = world.clients()
    for number in range(10):
        clients.characters.get(character_id=f"c{number}", deadline=soon())
    faults = iter([Fault.RESET])
    world.proxy.choose = lambda: next(faults, Fault.NONE)

    answer = clients.characters.get(character_id="ada", deadline=soon())

    assert answer.character.name == "Ada"


def test_redis_may_come_and_go(world: World) -> None:
    """Killing Redis in the middle of the load, and bringing it back, fails no call."""
    clients = world.clients(characters_max_concurrency=8)
    stop = threading.Event()
    numbers = iter(range(1_000_000))
    lock = threading.Lock()

    def work() -> int:
        calls = 0
        while not stop.is_set():
            with lock:
                number = next(numbers)
            answer = clients.characters.get(character_id=f"c{number}", deadline=soon())
            clients.auth.introspect(
                token=f"t{number}", user_id="u1", expires_at=LATER, deadline=soon()
            )
            assert answer.character.name == f"C{number}"
            calls += 1
            time.sleep(0.01)
        return calls

    def upheaval() -> int:
        time.sleep(0.5)
        world.valkey.kill()
        time.sleep(1.5)
        world.valkey.start()
        try:
            assert until(lambda: bool(world.redis.keys("snapshot:*")))  # in use again
        finally:
            stop.set()
        return 1

    roles = iter([upheaval, work, work, work, work])
    calls = in_parallel(lambda: next(roles)(), times=5)  # noqa: PLW0108  # each thread takes its role

    assert min(calls) >= 1


def test_a_hanging_redis_slows_calls_and_fails_none(world: World) -> None:
    """A Redis that accepts and never answers costs a fraction of a second now and then."""
    clients = world.clients()
    clients.characters.get(character_id="ada", deadline=soon())
    world.valkey.hang()
    try:
        started = time.monotonic()
        for number in range(20):
            answer = clients.characters.get(character_id=f"c{number}", deadline=soon())
            assert answer.character.name == f"C{number}"
        took = time.monotonic() - started
    finally:
        world.valkey.resume()

    assert took < 8  # without the pause after a failure it would be over 20 x 0.25 x 2
