"""What the processes share about a breaker, and what an operator can do to it."""

import pytest

from integrations import breakers
from integrations.resilience.marks import BreakerMarks
from tests.integration.integrations.conftest import World, until
from tests.integration.integrations.test_breaker import ask, state, trip


def test_it_opens_in_every_process(world: World) -> None:
    """What one process found out keeps the others from calling."""
    first, second = world.clients(breaker_failure_threshold=2), world.clients()
    ask(second)  # it is running, and thinks well of the upstream

    trip(world, first)

    assert until(lambda: state(second) == "open")
    assert ask(second) == "breaker_open"


def test_a_process_that_starts_later_knows_at_once(world: World) -> None:
    """The very first call of a new process is refused while the breaker is open elsewhere."""
    trip(world, world.clients(breaker_failure_threshold=2))

    assert ask(world.clients()) == "breaker_open"


def test_it_closes_in_every_process(world: World) -> None:
    """One probe's success is enough for all."""
    first, second = (
        world.clients(breaker_failure_threshold=2, breaker_reset_timeout=1.0) for _ in range(2)
    )
    ask(second)
    trip(world, first)
    assert until(lambda: state(second) == "open")
    assert until(lambda: state(first) == "half_open")
    seen = world.stand_in.calls

    assert ask(first) == "ok"

    assert until(lambda: state(second) == "closed")
    assert world.stand_in.calls == seen + 1


def test_it_makes_no_round_trip_to_redis_while_closed(world: World) -> None:
    """A hundred calls cost Redis no more than the snapshots and the reading once a second."""
    clients = world.clients()
    ask(clients)
    before = world.redis.info("commandstats")

    for number in range(100):
        ask(clients, f"missing{number}")

    after = world.redis.info("commandstats")
    assert calls_of("pttl", after) - calls_of("pttl", before) < 20
    assert calls_of("evalsha", after) == calls_of("evalsha", before)


def calls_of(command: str, stats: dict[str, dict[str, int]]) -> int:
    return stats.get(f"cmdstat_{command}", {}).get("calls", 0)


def test_an_operator_can_hold_it_open_and_close_it(world: World) -> None:
    """Force-open stops the calls of every process until the operator closes the breaker."""
    clients = world.clients(breaker_reset_timeout=0.1)
    assert ask(clients) == "ok"

    breakers.force_open(world.redis, name="characters")
    assert until(lambda: ask(clients) == "breaker_open")
    assert breakers.list_breakers(world.redis)["characters"].forced
    assert until(lambda: state(clients) == "open")

    breakers.close(world.redis, name="characters")
    assert until(lambda: ask(clients) == "ok")
    assert not breakers.list_breakers(world.redis)["characters"].forced


def test_an_operator_can_close_it_before_its_time(world: World) -> None:
    """Whoever knows that the upstream is back need not wait for the open time to pass."""
    clients = world.clients(breaker_failure_threshold=2, breaker_reset_timeout=600.0)
    trip(world, clients)
    assert breakers.list_breakers(world.redis)["characters"].state == "open"

    breakers.close(world.redis, name="characters")

    assert until(lambda: ask(clients) == "ok")


def test_an_operator_is_told_of_a_wrong_name(world: World) -> None:
    """A breaker that does not exist is not opened silently."""
    with pytest.raises(breakers.UnknownBreaker):
        breakers.force_open(world.redis, name="chracters")


def test_it_decides_alone_while_redis_is_away(world: World) -> None:
    """Without Redis each process opens, probes and closes by what it sees itself."""
    clients = world.clients(breaker_failure_threshold=2, breaker_reset_timeout=0.4)
    world.valkey.kill()
    try:
        trip(world, clients)
        assert until(lambda: state(clients) == "half_open")
        assert ask(clients) == "ok"
        assert state(clients) == "closed"
    finally:
        world.valkey.start()


def test_it_tells_the_others_once_redis_is_back(world: World) -> None:
    """A breaker that opened while Redis was away is made known afterwards, and stays open."""
    first, second = world.clients(breaker_failure_threshold=2), world.clients()
    ask(second)
    world.valkey.kill()
    trip(world, first)
    world.valkey.start()

    assert until(lambda: state(second) == "open")
    assert state(first) == "open"


def test_a_loss_of_the_shared_data_closes_nothing(world: World) -> None:
    """An empty Redis is no news: an open breaker stays open and says so again."""
    clients = world.clients(breaker_failure_threshold=2)
    trip(world, clients)

    world.redis.flushall()

    assert until(lambda: BreakerMarks(name="characters").fetch(world.redis).state == "open")
    assert state(clients) == "open"


def test_an_older_closed_mark_closes_nothing(world: World) -> None:
    """What Redis knew before it was away does not overrule what was found out meanwhile."""
    clients = world.clients(breaker_failure_threshold=2)
    breakers.close(world.redis, name="characters")
    ask(clients)
    world.valkey.hang()
    try:
        trip(world, clients)
    finally:
        world.valkey.resume()

    assert until(lambda: BreakerMarks(name="characters").fetch(world.redis).state == "open")
    assert state(clients) == "open"
