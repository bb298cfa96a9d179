"""What is the stream's own: its fields, consumer groups, trimming by age, and a server unwell."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from conversations.events.transports.base import BrokerUnavailable
from conversations.events.transports.redis_stream import RedisStream
from tests.doubles.valkey import Valkey
from tests.event_samples import an_event, some_events
from tests.integration.transports.reading import received

RETENTION = timedelta(hours=168)
DAY = 24 * 3600 * 1000  # milliseconds
BLOCK = 100  # entries; a stream is trimmed by whole blocks


@pytest.fixture
def transport(valkey: Valkey) -> Iterator[RedisStream]:
    made = RedisStream(url=valkey.url, retention=RETENTION)
    yield made
    made.close()


@pytest.fixture
def redis(valkey: Valkey) -> Iterator[Any]:  # the client's types know every version's answers
    with Redis.from_url(valkey.url, decode_responses=True, protocol=2) as client:
        yield client


def test_an_entry_says_what_it_is(redis: Any, transport: RedisStream) -> None:
    """Type and id can be read without parsing the event."""
    event = an_event(event_type="conversation.archived", title="Žluťoučký kůň")
    transport.publish([event])
    [(_, fields)] = redis.xrange("conversations")
    assert json.loads(fields.pop("event")) == event
    assert fields.pop("traceparent").split("-")[1] == event["trace_id"]
    assert fields == {"event_type": "conversation.archived", "event_id": event["event_id"]}


def test_a_group_reads_and_acknowledges(redis: Any, transport: RedisStream) -> None:
    """Each event once per group, and again what was not acknowledged."""
    events = some_events(3)
    transport.publish(events)
    redis.xgroup_create("conversations", "readers", id="0")
    first = read(redis, after=">")
    assert [fields["event_id"] for _, fields in first] == [each["event_id"] for each in events]
    assert read(redis, after=">") == []
    redis.xack("conversations", "readers", first[0][0], first[1][0])
    assert read(redis, after="0") == first[2:]


def read(redis: Any, *, after: str) -> list[Any]:
    answer = redis.xreadgroup("readers", "one", {"conversations": after})
    return list(answer[0][1]) if answer else []


def test_it_trims_what_is_old_and_nothing_younger(redis: Any, transport: RedisStream) -> None:
    """Of entries that came eight days ago whole blocks go; those of six days ago all stay."""
    now = int(time.time() * 1000)
    old = add_entries(redis, since=now - 8 * DAY)
    young = add_entries(redis, since=now - 6 * DAY)
    for _ in range(2):  # the first tells it the server's time
        transport.publish(some_events(1))
    left = [entry_id for entry_id, _ in redis.xrange("conversations")]
    assert [entry_id for entry_id in left if entry_id in young] == young
    assert len([entry_id for entry_id in left if entry_id in old]) < BLOCK
    assert len(left) >= len(young) + 2


def add_entries(redis: Any, *, since: int) -> list[str]:
    ids = [f"{since + number}-0" for number in range(BLOCK * 5 // 2)]
    for entry_id in ids:
        redis.xadd("conversations", {"event": "{}"}, id=entry_id)
    return ids


@pytest.mark.parametrize(
    ("make_unwell", "kind"),
    [
        pytest.param(lambda redis: redis.config_set("maxmemory", 1), "OOM", id="out of memory"),
        pytest.param(lambda redis: redis.replicaof("127.0.0.1", 1), "READONLY", id="read-only"),
        pytest.param(lambda redis: redis.set("conversations", "x"), "WRONGTYPE", id="not a stream"),
        pytest.param(
            lambda redis: redis.acl_setuser("default", enabled=True, commands=["-xadd"]),
            "NOPERM",
            id="not permitted",
        ),
    ],
)
def test_a_server_unwell_refuses_no_event(
    redis: Any, transport: RedisStream, make_unwell: Callable[[Any], object], kind: str
) -> None:
    """No event is to blame: all are to be sent again, and the message has nothing of them."""
    make_unwell(redis)
    with pytest.raises(BrokerUnavailable, match=f"^{kind}$"):
        transport.publish(some_events(2))


def test_a_server_that_comes_back_is_found(valkey: Valkey, transport: RedisStream) -> None:
    """The same transport serves before and after, and says in between that nobody is there."""
    transport.publish(some_events(1))
    valkey.kill()
    for _ in range(2):
        with pytest.raises(BrokerUnavailable) as raised:
            transport.publish(some_events(3))
        assert str(valkey.port) not in str(raised.value)
    valkey.start()
    events = some_events(2)
    assert transport.publish(events) == [None, None]
    assert received(valkey.url) == events
