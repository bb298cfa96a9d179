"""Events to RabbitMQ, through kombu."""

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
from amqp.exceptions import AMQPError, PreconditionFailed
from django.conf import settings
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.messaging import Producer

from conversations.events.transports.base import BrokerUnavailable, Event, Refusal
from conversations.trace_ids import event_traceparent

EXCHANGE = Exchange("conversations", type="topic", durable=True)
CATCH_ALL = Queue("conversations.all", exchange=EXCHANGE, routing_key="#", durable=True)
ANSWER_SECONDS = 2.0  # to connect, and for each answer while connecting or writing
CONFIRM_SECONDS = 3.0  # for the confirms of all that was sent

Told = dict[str, Refusal | None]
"""What the broker has said of each event, by event_id."""


class RabbitMQ:
    """Publishes to the topic exchange `conversations`, the event type as routing key.

    The durable queue `conversations.all` is bound to everything, and an event is confirmed when it
    is on the queue's disk. Both are declared with every connection: what somebody deleted comes
    back.
    """

    def __init__(self, *, url: str) -> None:
        self._url = url
        self._session: _Session | None = None

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """Send the events, then wait for the confirms of all of them; see Transport."""
        told: Told = {}
        try:
            self._publish(events, told)
        except (AMQPError, OSError) as error:
            self._drop()
            raise BrokerUnavailable(type(error).__name__) from error
        if any(told.values()):
            self._drop()  # where no queue takes an event, the queue may be gone
        return [told[event["event_id"]] for event in events]

    def _publish(self, events: Sequence[Event], told: Told) -> None:
        session = self._connected()
        try:
            session.send(events, told)
        except PreconditionFailed as error:
            # One is too large, and its refusal has closed the channel on those after it. Alone,
            # each shows whether it was the one; some are sent twice.
            self._drop()
            if len(events) == 1:
                told[events[0]["event_id"]] = Refusal(reason=error.reply_text)
                return
            for event in events:
                if event["event_id"] not in told:
                    self._publish([event], told)

    def _connected(self) -> "_Session":
        if self._session is None:
            self._session = _Session(self._url)
        return self._session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abandon()

    def close(self) -> None:
        """Say goodbye to the broker, and close the connection."""
        session, self._session = self._session, None
        if session is not None:
            session.close()


class _Session:
    """A connection with one channel, on which the broker confirms each message."""

    def __init__(self, url: str) -> None:
        # Without a name to compare it with, any certificate of a known authority would do.
        tls = {"server_hostname": None} if url.startswith("amqps:") else False
        # Not Connection.connect(), or what uses it: that tries again for seconds.
        transport = Connection(url, connect_timeout=ANSWER_SECONDS, ssl=tls).transport
        self._connection = transport.establish_connection()
        # Most waits of the library know no limit but the socket's.
        self._connection.sock.settimeout(ANSWER_SECONDS)
        self._sent = 0
        self._waiting: dict[int, str] = {}  # event_id by delivery tag
        self._told: Told = {}
        try:
            self._producer = self._prepared()
        except BaseException:
            self.abandon()
            raise

    def _prepared(self) -> Producer:
        channel = self._connection.channel()
        CATCH_ALL.bind(channel).declare()  # with its exchange
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        return Producer(channel, EXCHANGE, auto_declare=False, on_return=self._on_return)

    def send(self, events: Sequence[Event], told: Told) -> None:
        """Send the events and wait; `told` is filled as the broker's answers come in.

        Raises PreconditionFailed where the broker refuses one of them by closing the channel, and
        AMQPError and OSError for everything else. No session can be used after an error.
        """
        self._told = told
        for event in events:
            self._sent += 1
            self._waiting[self._sent] = event["event_id"]
            self._producer.publish(orjson.dumps(event), mandatory=True, **_properties(event))
        give_up = time.monotonic() + CONFIRM_SECONDS
        while self._waiting:
            self._connection.drain_events(timeout=max(0.0, give_up - time.monotonic()))

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:  # noqa: FBT001  # amqp's form
        for event_id in self._settled(delivery_tag, multiple=multiple):
            self._told.setdefault(event_id, None)  # what was returned is acknowledged as well

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:  # noqa: FBT001  # amqp's form
        for event_id in self._settled(delivery_tag, multiple=multiple):
            self._told[event_id] = Refusal(reason="not taken by a queue")

    def _on_return(self, error: AMQPError, _exchange: str, _key: str, message: Any) -> None:
        self._told[message.properties["message_id"]] = Refusal(reason=error.reply_text)

    def _settled(self, delivery_tag: int, *, multiple: bool) -> list[str]:
        tags = [tag for tag in self._waiting if tag <= delivery_tag] if multiple else [delivery_tag]
        return [self._waiting.pop(tag) for tag in tags]

    def abandon(self) -> None:
        """Close the connection without a word."""
        self._connection.collect()

    def close(self) -> None:
        """Close the connection; a broker that does not answer is left."""
        with suppress(AMQPError, OSError):
            self._connection.close()
        self.abandon()


def _properties(event: Event) -> dict[str, Any]:
    """Return what the message says of its event to those who have not read it."""
    return {
        "routing_key": event["event_type"],
        "type": event["event_type"],
        "message_id": event["event_id"],
        "app_id": event["service"],
        "timestamp": int(datetime.fromisoformat(event["timestamp"]).timestamp()),
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "headers": _trace_headers(event),
    }


def _trace_headers(event: Event) -> dict[str, str]:
    """Return the headers by which a consumer goes on with the trace of the change."""
    return {
        "X-Trace-Id": event["trace_id"],
        "traceparent": event_traceparent(event, ratio=settings.CONFIG.trace_ratio),
    }
