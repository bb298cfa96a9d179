"""The breaker, over real HTTP and a real valkey-server."""

import itertools

import pytest

from integrations.build import Clients
from integrations.errors import CharacterNotFound, UpstreamUnavailable
from tests.doubles.fault_proxy import Fault
from tests.integration.integrations.conftest import World, in_parallel, soon, until

KEYS = (f"c{number}" for number in itertools.count())  # every call on a cold character


def ask(clients: Clients, character_id: str | None = None) -> str:
    """Return the outcome of one call: ok, not_found, or the reason."""
    try:
        clients.characters.get(character_id=character_id or next(KEYS), deadline=soon())
    except CharacterNotFound:
        return "not_found"
    except UpstreamUnavailable as error:
        return error.reason
    return "ok"


def state(clients: Clients) -> str:
    return clients.characters.health()["breaker"]


def trip(world: World, clients: Clients) -> None:
    """Open the breaker by failures, and let the upstream work again."""
    world.proxy.fault = Fault.STATUS_500
    assert until(lambda: ask(clients) == "breaker_open")
    world.proxy.fault = Fault.NONE


def test_it_opens_after_the_threshold_and_stops_calling(world: World) -> None:
    """Once open, calls are refused with the remaining time, and the upstream is left alone."""
    clients = world.clients(breaker_failure_threshold=5)
    world.proxy.fault = Fault.STATUS_500
    for _ in range(3):
        ask(clients)
    assert state(clients) == "closed"
    trip(world, clients)
    seen = world.proxy.requests

    with pytest.raises(UpstreamUnavailable) as caught:
        clients.characters.get(character_id="ada", deadline=soon())

    assert caught.value.reason == "breaker_open"
    assert 50 <= caught.value.retry_after <= 60
    assert world.proxy.requests == seen
    assert state(clients) == "open"


def test_404s_do_not_hide_failures(world: World) -> None:
    """With 80 % of 404s among them, the failures still open it."""
    clients = world.clients(breaker_failure_threshold=5)
    for number in range(40):
        if number % 5:
            world.proxy.fault = Fault.NONE
            ask(clients, f"missing{number}")
        else:
            world.proxy.fault = Fault.STATUS_500
            ask(clients)

    assert state(clients) == "open"


def test_404s_alone_never_open_it(world: World) -> None:
    """A caller who asks for what does not exist takes the service from no one."""
    clients = world.clients(breaker_failure_threshold=2)

    outcomes = {ask(clients, f"missing{number}") for number in range(30)}

    assert outcomes == {"not_found"}
    assert state(clients) == "closed"


def test_a_success_does_not_hide_a_failure_rate_of_sixty_percent(world: World) -> None:
    """Successes between failures do not start the count anew."""
    clients = world.clients(breaker_failure_threshold=5)
    for fails in [False, True, False, True, True] * 4:
        world.proxy.fault = Fault.STATUS_500 if fails else Fault.NONE
        ask(clients)

    assert state(clients) == "open"


def test_a_failure_rate_of_a_third_leaves_it_closed(world: World) -> None:
    """Below half of the votes, many failures are bad luck and not an outage."""
    clients = world.clients(breaker_failure_threshold=3)
    for fails in [False, False, True] * 10:
        world.proxy.fault = Fault.STATUS_500 if fails else Fault.NONE
        ask(clients)

    assert state(clients) == "closed"


def test_slow_successes_open_it(world: World) -> None:
    """Answers that are right but take more than half of the timeout open it as well."""
    clients = world.clients(breaker_failure_threshold=3, upstream_timeout=0.8)
    world.stand_in.delay = 0.5

    outcomes = [ask(clients) for _ in range(4)]

    assert outcomes == ["ok", "ok", "ok", "breaker_open"]


def test_a_queue_of_our_own_is_no_slowness_of_the_upstream(world: World) -> None:
    """Waiting for a free slot does not count into the time of a call."""
    clients = world.clients(
        breaker_failure_threshold=2, upstream_timeout=0.6, characters_max_concurrency=1
    )
    world.stand_in.delay = 0.12

    outcomes = in_parallel(lambda: ask(clients), times=4)

    assert outcomes == ["ok"] * 4
    assert state(clients) == "closed"


def test_one_probe_closes_it(world: World) -> None:
    """When the open time is past, the next call is let through, and its success closes it."""
    clients = world.clients(breaker_failure_threshold=2, breaker_reset_timeout=0.3)
    trip(world, clients)
    assert until(lambda: state(clients) == "half_open")

    assert ask(clients) == "ok"
    assert state(clients) == "closed"


@pytest.mark.parametrize("fault", [Fault.STATUS_500, Fault.RESET])
def test_a_failed_probe_opens_it_again(world: World, fault: Fault) -> None:
    """A probe that fails makes one call upstream and begins a new open time."""
    clients = world.clients(breaker_failure_threshold=2, breaker_reset_timeout=1.0)
    trip(world, clients)
    assert until(lambda: state(clients) == "half_open")
    world.proxy.fault = fault
    seen = world.proxy.requests

    outcomes = [ask(clients) for _ in range(3)]

    assert outcomes[1:] == ["breaker_open"] * 2
    assert world.proxy.requests == seen + 1


def test_a_slow_probe_does_not_close_it(world: World) -> None:
    """A probe whose answer comes late gives the answer, and leaves the breaker open."""
    clients = world.clients(
        breaker_failure_threshold=2, breaker_reset_timeout=0.5, upstream_timeout=0.8
    )
    trip(world, clients)
    assert until(lambda: state(clients) == "half_open")
    world.stand_in.delay = 0.5

    assert [ask(clients), ask(clients)] == ["ok", "breaker_open"]


def test_a_probe_answered_by_404_closes_it(world: World) -> None:
    """A 404 is an answer: the upstream is back."""
    clients = world.clients(breaker_failure_threshold=2, breaker_reset_timeout=0.3)
    trip(world, clients)
    assert until(lambda: state(clients) == "half_open")

    assert ask(clients, "missing") == "not_found"
    assert state(clients) == "closed"


def test_a_probe_cut_short_decides_nothing(world: World) -> None:
    """When the caller's own time runs out during a probe, the next caller probes."""
    clients = world.clients(
        breaker_failure_threshold=2, breaker_reset_timeout=0.3, upstream_timeout=5.0
    )
    trip(world, clients)
    assert until(lambda: state(clients) == "half_open")
    world.proxy.fault = Fault.HANG
    with pytest.raises(UpstreamUnavailable) as caught:
        clients.characters.get(character_id="ada", deadline=soon(0.3))
    assert caught.value.reason == "deadline"
    world.proxy.fault = Fault.NONE

    assert state(clients) == "half_open"
    assert ask(clients) == "ok"


def test_a_callers_deadline_is_no_failure_of_the_upstream(world: World) -> None:
    """Callers in a hurry do not open the breaker for the others."""
    clients = world.clients(breaker_failure_threshold=2, upstream_timeout=5.0)
    world.proxy.fault = Fault.HANG

    for _ in range(6):
        with pytest.raises(UpstreamUnavailable):
            clients.characters.get(character_id="ada", deadline=soon(0.1))

    assert state(clients) == "closed"
