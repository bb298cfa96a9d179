"""The Characters client: what it accepts, what it sends, what it keeps."""

import time

import orjson
import pytest

from integrations.characters import Character
from integrations.errors import CharacterNotFound, UpstreamUnavailable
from tests.doubles.fault_proxy import Fault
from tests.integration.integrations.conftest import World, in_parallel, soon


def test_it_returns_the_character(world: World) -> None:
    """Name and picture come from the service."""
    url = "https://cdn.example/ada.png"
    world.stand_in.characters["ada"] = {"id": "ada", "name": "Ada", "avatar_url": url}

    answer = world.clients().characters.get(character_id="ada", deadline=soon())

    assert answer.character == Character(id="ada", name="Ada", avatar_url=url)
    assert not answer.stale


def test_it_says_so_when_there_is_no_such_character(world: World) -> None:
    """A 404 is an answer, remembered for a while."""
    characters = world.clients().characters

    for _ in range(3):
        with pytest.raises(CharacterNotFound) as caught:
            characters.get(character_id="missing", deadline=soon())

    assert caught.value.character_id == "missing"
    assert world.stand_in.calls == 1


@pytest.mark.parametrize(
    "character_id", ["", "a/b", "..", "a?b", "a%2fb", "a b", "ä", "a" * 129, "a\n"]
)
def test_it_never_asks_for_an_id_that_no_character_can_have(
    world: World, character_id: str
) -> None:
    """An id that could change the path of the request stays here."""
    with pytest.raises(CharacterNotFound):
        world.clients().characters.get(character_id=character_id, deadline=soon())

    assert world.proxy.requests == 0


@pytest.mark.parametrize(
    "content",
    [
        {"id": "borges", "name": "Borges", "avatar_url": None},
        {"name": "Ada", "avatar_url": None},
        {"id": "ada", "avatar_url": None},
        {"id": "ada", "name": "", "avatar_url": None},
        {"id": "ada", "name": "  ", "avatar_url": None},
        {"id": "ada", "name": 7, "avatar_url": None},
        {"id": "ada", "name": ["Ada"], "avatar_url": None},
        [],
        "ada",
        None,
    ],
)
def test_it_refuses_an_answer_of_another_shape(world: World, content: object) -> None:
    """Another character, no name, or no object at all is a failure of the upstream."""
    world.stand_in.characters["ada"] = content

    with pytest.raises(UpstreamUnavailable) as caught:
        world.clients().characters.get(character_id="ada", deadline=soon())

    assert caught.value.reason == "bad_response"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("é" * 200, "é" * 200),
        ("A" * 201, "A" * 200),
        ("👩" * 5_000, "👩" * 200),
        (" " * 300 + "Ada", "Ada"),
    ],
)
def test_it_cuts_a_name_that_is_too_long(world: World, name: str, kept: str) -> None:
    """To 200 characters, without a second attempt or a vote against the service."""
    world.stand_in.characters["ada"] = {"id": "ada", "name": name, "avatar_url": None}
    characters = world.clients().characters

    answer = characters.get(character_id="ada", deadline=soon())

    assert answer.character == Character(id="ada", name=kept, avatar_url=None)
    assert world.stand_in.calls == 1
    assert characters.health()["window"]["failed"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "/ada.png",
        "",
        "http://",
        7,
        "https://[",
        "https://x/" + "a" * 2048,
    ],
)
def test_it_passes_on_no_picture_that_is_not_on_the_web(world: World, url: object) -> None:
    """An avatar_url that a browser should not be given is left out; the character is not."""
    world.stand_in.characters["ada"] = {"id": "ada", "name": "Ada", "avatar_url": url}

    answer = world.clients().characters.get(character_id="ada", deadline=soon())

    assert answer.character == Character(id="ada", name="Ada", avatar_url=None)


def test_it_passes_on_the_trace(world: World) -> None:
    """The headers of the request being served go along."""
    clients = world.clients(headers=lambda: {"X-Trace-Id": "t-1", "traceparent": "00-aa-bb-01"})

    clients.characters.get(character_id="ada", deadline=soon())

    (_, path, headers) = world.stand_in.requests[0]
    assert path == "/characters/ada"
    assert (headers["X-Trace-Id"], headers["traceparent"]) == ("t-1", "00-aa-bb-01")
    assert "Cookie" not in headers


def test_it_serves_an_old_snapshot_while_the_service_is_down(world: World) -> None:
    """Another process's snapshot, no longer fresh, stands in and is marked."""
    kept = {"id": "ada", "name": "Ada of old", "avatar_url": None}
    world.redis.set(
        "snapshot:characters:ada", orjson.dumps([time.time() - 60, time.time() + 60, kept])
    )
    world.proxy.fault = Fault.STATUS_500

    answer = world.clients().characters.get(character_id="ada", deadline=soon())

    assert (answer.character.name, answer.stale) == ("Ada of old", True)


def test_a_hundred_parallel_calls_make_one_upstream_call(world: World) -> None:
    """On a cold character, one flight serves all the threads of a process."""
    characters = world.clients().characters
    world.stand_in.delay = 0.3

    answers = in_parallel(lambda: characters.get(character_id="ada", deadline=soon()), times=100)

    assert {answer.character.name for answer in answers} == {"Ada"}
    assert world.stand_in.calls == 1


def test_thirty_two_threads_overlap(world: World) -> None:
    """Calls for different characters run at the same time, as many as the bulkhead lets in."""
    characters = world.clients(characters_max_concurrency=32).characters
    world.stand_in.delay = 0.1
    keys = iter(range(1000))
    started = time.monotonic()

    in_parallel(lambda: characters.get(character_id=f"c{next(keys)}", deadline=soon()), times=32)

    assert time.monotonic() - started < 1.6  # one after the other they would take 3.2 s
    assert world.stand_in.calls == 32


def test_a_full_bulkhead_refuses_in_bounded_time(world: World) -> None:
    """While all slots hang, others are told to come back, long before the timeout."""
    characters = world.clients(characters_max_concurrency=2, upstream_timeout=20.0).characters
    world.proxy.fault = Fault.HANG
    keys = iter(range(1000))

    def ask() -> tuple[str, float]:
        started = time.monotonic()
        with pytest.raises(UpstreamUnavailable) as caught:
            characters.get(character_id=f"c{next(keys)}", deadline=soon(4))
        return caught.value.reason, time.monotonic() - started

    outcomes = in_parallel(ask, times=8)

    assert sorted(reason for reason, _ in outcomes) == ["bulkhead_full"] * 6 + ["deadline"] * 2
    assert max(seconds for reason, seconds in outcomes if reason == "bulkhead_full") < 3
    assert world.proxy.requests == 2


def test_connections_are_kept(world: World) -> None:
    """Calls one after the other use one connection."""
    clients = world.clients(characters_service_url=world.stand_in.url)

    for number in range(20):
        clients.characters.get(character_id=f"c{number}", deadline=soon())

    assert world.stand_in.connections == 1


def test_health_tells_reachable_from_gone(world: World) -> None:
    """The probe takes any answer below 500 for life, and no answer for its absence."""
    characters = world.clients().characters
    assert characters.health()["status"] == "healthy"
    world.stand_in.status = 404
    assert characters.health()["status"] == "healthy"
    world.stand_in.status = 503
    assert characters.health()["status"] == "unhealthy"
    world.proxy.fault = Fault.REFUSE
    assert characters.health()["status"] == "unhealthy"
    world.proxy.fault = Fault.HANG
    report = characters.health()
    assert report["status"] == "unhealthy"
    assert report["latency_ms"] < 3000


def test_health_tells_what_went_wrong_last(world: World) -> None:
    """The last error and the votes of the window are in the report."""
    characters = world.clients().characters
    characters.get(character_id="ada", deadline=soon())
    world.proxy.fault = Fault.STATUS_500
    with pytest.raises(UpstreamUnavailable):
        characters.get(character_id="borges", deadline=soon())

    report = characters.health()

    assert report["last_error"] == "status_5xx"
    assert report["window"] == {"total": 2, "failed": 1, "slow": 0}
