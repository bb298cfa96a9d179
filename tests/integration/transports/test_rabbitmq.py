"""What is RabbitMQ's own: refusals, durability, its topology, and what a message says of itself."""

import threading
import time
from collections.abc import Iterator

import pytest
from kombu.connection import Connection

from conversations.events.transports.base import BrokerUnavailable, Refusal
from conversations.events.transports.rabbitmq import RabbitMQ
from conversations.trace_ids import w3c_trace_id
from tests.doubles.rabbitmq import MAX_MESSAGE, OTHER_ADDRESS, RabbitMQNode
from tests.event_samples import Event, an_event, some_events
from tests.integration.transports.reading import queued, received

LONG = 15.0  # seconds, after which a broker that was killed must be missed


@pytest.fixture
def transport(rabbitmq: RabbitMQNode) -> Iterator[RabbitMQ]:
    made = RabbitMQ(url=rabbitmq.url)
    yield made
    made.close()


def test_a_message_says_what_it_is(rabbitmq: RabbitMQNode, transport: RabbitMQ) -> None:
    """Routed by type, persistent, and with all that a consumer can use before it parses."""
    event = an_event(event_type="conversation.archived")
    transport.publish([event])
    [message] = queued(rabbitmq.url)
    assert message.delivery_info["routing_key"] == "conversation.archived"
    properties = message.properties
    assert properties["message_id"] == event["event_id"]
    assert properties["type"] == "conversation.archived"
    assert properties["content_type"] == "application/json"
    assert properties["delivery_mode"] == 2
    assert properties["app_id"] == "conversation-service"
    headers = properties["application_headers"]
    assert headers["X-Trace-Id"] == event["trace_id"]
    assert headers["traceparent"].split("-")[1] == event["trace_id"]


def test_a_trace_of_another_form_has_a_w3c_id_as_well(
    rabbitmq: RabbitMQNode, transport: RabbitMQ
) -> None:
    """The one that requests of the trace have; X-Trace-Id is the platform's own."""
    transport.publish([{**an_event(), "trace_id": "order-7"}])
    [message] = queued(rabbitmq.url)
    headers = message.properties["application_headers"]
    assert headers["X-Trace-Id"] == "order-7"
    assert headers["traceparent"].split("-")[1] == w3c_trace_id("order-7")


def test_what_no_queue_takes_is_refused(rabbitmq: RabbitMQNode, transport: RabbitMQ) -> None:
    """The queue was deleted: the events are refused, and the next call declares it again."""
    transport.publish(some_events(1))
    with Connection(rabbitmq.url) as connection:
        connection.default_channel.queue_delete("conversations.all")
    assert transport.publish(some_events(2)) == [Refusal(reason="NO_ROUTE")] * 2
    events = some_events(2)
    assert transport.publish(events) == [None, None]
    assert received(rabbitmq.url) == events


def test_what_a_full_queue_rejects_is_refused(rabbitmq: RabbitMQNode, transport: RabbitMQ) -> None:
    """A consumer's queue that is bounded and full answers for the whole exchange."""
    transport.publish([])
    with Connection(rabbitmq.url) as connection:
        channel = connection.default_channel
        bounded = {"x-max-length": 1, "x-overflow": "reject-publish"}
        name, _, _ = channel.queue_declare("", exclusive=True, arguments=bounded)
        channel.queue_bind(name, "conversations", routing_key="conversation.archived")
        archived = [an_event(event_type="conversation.archived") for _ in range(2)]
        assert transport.publish(archived[:1]) == [None]
        [updated] = some_events(1)
        refused, taken = transport.publish([archived[1], updated])
    assert isinstance(refused, Refusal)
    assert taken is None


def test_only_the_one_that_is_too_large_is_refused(
    rabbitmq: RabbitMQNode, transport: RabbitMQ
) -> None:
    """Its refusal closes the channel on those around it, and still they arrive."""
    wave = some_events(5)
    for number in (1, 3):
        wave[number] = an_event(settings={"system_prompt": "x" * MAX_MESSAGE})
    first, refused, third, refused_too, last = transport.publish(wave)
    assert (first, third, last) == (None, None, None)
    for refusal in (refused, refused_too):
        assert isinstance(refusal, Refusal)
        assert "larger than configured max size" in refusal.reason
        assert "xxx" not in refusal.reason
    arrived = {event["event_id"] for event in received(rabbitmq.url)}
    assert arrived == {wave[number]["event_id"] for number in (0, 2, 4)}


def test_another_exchange_under_its_name_is_no_events_fault(rabbitmq: RabbitMQNode) -> None:
    """Nothing is refused for it: the events wait until somebody has mended it."""
    with Connection(rabbitmq.url) as connection:
        connection.default_channel.exchange_declare("conversations", "fanout", durable=True)
    transport = RabbitMQ(url=rabbitmq.url)
    with pytest.raises(BrokerUnavailable, match="PreconditionFailed"):
        transport.publish(some_events(1))
    rabbitmq.empty()
    assert transport.publish(some_events(1)) == [None]
    transport.close()


def test_a_wrong_password_is_not_repeated(rabbitmq: RabbitMQNode) -> None:
    """The broker is as good as away."""
    transport = RabbitMQ(url=rabbitmq.url.replace("guest:guest", "guest:wrong"))
    with pytest.raises(BrokerUnavailable, match="AccessRefused"):
        transport.publish(some_events(1))


def test_tls_is_for_the_host_that_was_named(
    rabbitmq: RabbitMQNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known authority's certificate for another host is not enough."""
    monkeypatch.setenv("SSL_CERT_FILE", str(rabbitmq.certificate))
    transport = RabbitMQ(url=f"amqps://guest:guest@127.0.0.1:{rabbitmq.tls_port}//")
    assert transport.publish(some_events(1)) == [None]
    transport.close()
    elsewhere = RabbitMQ(url=f"amqps://guest:guest@{OTHER_ADDRESS}:{rabbitmq.tls_port}//")
    with pytest.raises(BrokerUnavailable, match="SSLCertVerificationError"):
        elsewhere.publish(some_events(1))


def publish_until_it_fails(transport: RabbitMQ) -> list[Event]:
    """Publish waves until the broker is away; return what was confirmed."""
    confirmed: list[Event] = []
    started = time.monotonic()
    try:
        while time.monotonic() < started + LONG:
            wave = some_events(5)
            transport.publish(wave)
            confirmed += wave
    except BrokerUnavailable:
        return confirmed
    pytest.fail("it went on being there")


def test_confirmed_events_survive_a_kill_in_the_middle(
    rabbitmq: RabbitMQNode, transport: RabbitMQ
) -> None:
    """Killed between two waves or in one, with no consumer there: what it confirmed it has."""
    timer = threading.Timer(0.3, rabbitmq.kill)
    timer.start()
    confirmed = publish_until_it_fails(transport)
    timer.join()
    with pytest.raises(BrokerUnavailable, match="ConnectionRefusedError"):
        transport.publish(some_events(1))
    rabbitmq.start()
    assert confirmed
    kept = received(rabbitmq.url)
    assert [event for event in kept if event in confirmed] == confirmed
    assert transport.publish(some_events(1)) == [None]
