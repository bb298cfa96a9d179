"""Whatever the network or the upstream does, a call ends in time with a documented answer."""

import time

import orjson
import pytest
from prometheus_client import REGISTRY

from integrations.errors import TokenRejected, UpstreamUnavailable
from tests.doubles.fault_proxy import Fault
from tests.integration.integrations.conftest import World, soon

TIMES_OUT = {
    Fault.HANG_CONNECT,
    Fault.HANG,
    Fault.HANG_BODY,
    Fault.DRIP_HEAD,
    Fault.DRIP_BODY,
}
REASONS = {
    Fault.REFUSE: "refused",
    Fault.STATUS_500: "status_5xx",
    Fault.STATUS_429: "throttled",
    **dict.fromkeys(TIMES_OUT, "timeout"),
}
FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
LONG_NAME = {"id": "ada", "name": "A" * 190, "avatar_url": None}  # takes seconds to drip


@pytest.mark.parametrize("fault", FAULTS)
def test_it_reports_each_fault_of_the_upstream_in_time(world: World, fault: Fault) -> None:
    """A fault ends the call within the attempt's timeout, with its reason and nothing else."""
    world.stand_in.characters["ada"] = LONG_NAME
    characters = world.clients(upstream_timeout=0.6).characters
    world.proxy.fault = fault
    started = time.monotonic()

    with pytest.raises(UpstreamUnavailable) as caught:
        characters.get(character_id="ada", deadline=soon())

    assert caught.value.reason == REASONS.get(fault, "bad_response")
    assert caught.value.upstream == "characters"
    assert caught.value.retry_after >= 1
    assert "traceback" not in str(caught.value)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("fault", sorted(TIMES_OUT))
def test_it_ends_at_the_callers_deadline(world: World, fault: Fault) -> None:
    """A deadline shorter than the upstream's timeout bounds the call, a dripping one included."""
    world.stand_in.characters["ada"] = LONG_NAME
    characters = world.clients(upstream_timeout=20.0).characters
    world.proxy.fault = fault
    started = time.monotonic()

    with pytest.raises(UpstreamUnavailable) as caught:
        characters.get(character_id="ada", deadline=soon(0.5))

    assert caught.value.reason == "deadline"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("fault", FAULTS)
def test_it_takes_no_fault_for_a_verdict_on_a_token(world: World, fault: Fault) -> None:
    """The Auth Service misbehaving neither accepts a token nor counts it as revoked."""
    auth = world.clients(upstream_timeout=0.6).auth
    world.stand_in.owner = "u" * 128
    world.proxy.fault = fault

    with pytest.raises(UpstreamUnavailable):
        auth.introspect(token="t", user_id="u1", expires_at=2**33, deadline=soon())

    assert not auth.known_revoked("t")


@pytest.mark.parametrize("fault", FAULTS)
def test_it_works_again_when_the_fault_is_over(world: World, fault: Fault) -> None:
    """A fault leaves nothing behind: the next call after it gets the right answer."""
    characters = world.clients(upstream_timeout=0.6).characters
    world.proxy.fault = fault
    with pytest.raises(UpstreamUnavailable):
        characters.get(character_id="ada", deadline=soon(0.7))
    world.proxy.fault = Fault.NONE

    answer = characters.get(character_id="ada", deadline=soon())

    assert (answer.character.name, answer.stale) == ("Ada", False)


def test_it_tells_how_long_the_upstream_asked_to_wait(world: World) -> None:
    """Retry-After of the upstream reaches the caller when it is too long to wait for."""
    characters = world.clients().characters
    world.proxy.fault = Fault.STATUS_429
    world.proxy.retry_after = "17"

    with pytest.raises(UpstreamUnavailable) as caught:
        characters.get(character_id="ada", deadline=soon())

    assert caught.value.retry_after == 17


def test_it_follows_no_redirect(world: World) -> None:
    """A redirect is a failure, and its target is never asked."""
    clients = world.clients()
    world.proxy.fault = Fault.REDIRECT

    with pytest.raises(UpstreamUnavailable):
        clients.characters.get(character_id="ada", deadline=soon())

    assert world.proxy.requests == 1
    assert world.stand_in.calls == 0


def test_an_unexpected_refusal_is_no_verdict(world: World) -> None:
    """A 403 from the Auth Service says nothing about the token, and nothing about its health."""
    auth = world.clients().auth
    world.stand_in.status = 403

    for _ in range(20):
        with pytest.raises(UpstreamUnavailable) as caught:
            auth.introspect(token="t", user_id="u1", expires_at=2**33, deadline=soon())

    assert caught.value.reason == "bad_response"
    assert auth.health()["breaker"] == "closed"


def test_it_never_leaks_a_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither errors nor logs carry the token, whatever goes wrong."""
    auth = world.clients(upstream_timeout=0.3, breaker_failure_threshold=1000).auth
    errors = []
    with caplog.at_level("DEBUG"):
        for fault in FAULTS:
            world.proxy.fault = fault
            with pytest.raises((UpstreamUnavailable, TokenRejected)) as caught:
                auth.introspect(token="s3cret", user_id="u", expires_at=2**33, deadline=soon())
            errors.append(repr(caught.value) + repr(caught.value.__cause__))

    assert "s3cret" not in caplog.text + "".join(errors)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff" * 50,
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2, 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: x\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: \xff\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nRetry-After: " + b"9" * 5000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nRetry-After: \xb2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b"[" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b'{"a":' * 2_000,
    ],
)
def test_it_survives_whatever_is_sent(world: World, answer: bytes) -> None:
    """Bytes that are no HTTP, or odd HTTP, end like any other fault."""
    world.proxy.raw = answer

    with pytest.raises(UpstreamUnavailable) as caught:
        world.clients().characters.get(character_id="ada", deadline=soon())

    assert caught.value.reason in {"bad_response", "status_5xx"}
    assert 1 <= caught.value.retry_after <= 3600


def test_a_connection_that_cannot_be_made_counts(world: World) -> None:
    """Giving up on a connection is the upstream's failure, though the deadline is near."""
    characters = world.clients(upstream_timeout=10.0, breaker_failure_threshold=1).characters
    world.proxy.fault = Fault.HANG_CONNECT

    with pytest.raises(UpstreamUnavailable) as caught:
        characters.get(character_id="ada", deadline=soon(6))

    assert caught.value.reason == "timeout"
    assert characters.health()["breaker"] == "open"


def test_it_counts_what_came_of_each_attempt(world: World) -> None:
    """Attempts, stale answers and the breaker's state can be read from the metrics."""
    characters = world.clients(breaker_failure_threshold=3).characters
    before = {outcome: attempts(outcome) for outcome in ("answered", "status_5xx")}
    kept = {"id": "ada", "name": "Ada", "avatar_url": None}
    world.redis.set("snapshot:characters:ada", orjson.dumps([0, time.time() + 60, kept]))
    stale = sample("degraded_answers_total", mode="characters-stale")

    characters.get(character_id="borges", deadline=soon())
    world.proxy.fault = Fault.STATUS_500
    for _ in range(8):
        characters.get(character_id="ada", deadline=soon())

    assert attempts("answered") - before["answered"] == 1
    assert attempts("status_5xx") - before["status_5xx"] == 3
    assert attempts("breaker_open") >= 4
    assert sample("degraded_answers_total", mode="characters-stale") - stale == 8
    assert sample("upstream_breaker_state", upstream="characters") == 2


def attempts(outcome: str) -> float:
    return sample("upstream_calls_total", upstream="characters", outcome=outcome)


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
