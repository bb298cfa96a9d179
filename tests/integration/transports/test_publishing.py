"""Publishing to real brokers, with what may befall them: alike for each transport."""

import time
from collections import Counter

import pytest

from conversations.events.transports.base import BrokerUnavailable, Transport
from tests.event_samples import some_events
from tests.integration.transports.conftest import Broker
from tests.integration.transports.reading import received

LONG = 15.0  # seconds; no call takes half of it


def test_what_is_confirmed_is_there_in_order(broker: Broker, transport: Transport) -> None:
    """Every event of every wave, once, as it was."""
    waves = [some_events(100), some_events(1), some_events(10)]
    for wave in waves:
        assert transport.publish(wave) == [None] * len(wave)
    assert received(broker.url) == [event for wave in waves for event in wave]


def test_nothing_to_publish_is_no_error(broker: Broker, transport: Transport) -> None:
    """An empty wave answers with an empty list."""
    assert transport.publish([]) == []


def test_events_wait_for_their_first_consumer(broker: Broker, transport: Transport) -> None:
    """Nobody has ever asked for them: they are there for whoever comes."""
    [event] = some_events(1)
    transport.publish([event])
    transport.close()
    assert received(broker.url) == [event]


def test_a_hanging_broker_does_not_hold_the_caller(broker: Broker, transport: Transport) -> None:
    """It hangs before or after the connection: the call ends, and has sent the events once."""
    transport.publish(some_events(1))
    waves = [some_events(2), some_events(2)]
    started = time.monotonic()
    broker.hang()
    try:
        for wave in waves:
            with pytest.raises(BrokerUnavailable):
                transport.publish(wave)
        assert time.monotonic() < started + LONG
    finally:
        broker.resume()
    [event] = some_events(1)
    assert transport.publish([event]) == [None]
    there = Counter(each["event_id"] for each in received(broker.url))
    assert there[event["event_id"]] == 1
    assert max(there.values()) == 1


def test_a_hanging_broker_does_not_hold_the_end(broker: Broker, transport: Transport) -> None:
    """A process that ends does not wait for it."""
    transport.publish(some_events(1))
    started = time.monotonic()
    broker.hang()
    try:
        transport.close()
        assert time.monotonic() < started + LONG
    finally:
        broker.resume()
