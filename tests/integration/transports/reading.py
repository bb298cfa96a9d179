"""What a broker keeps for its consumers."""

import json
from typing import Any

from kombu.connection import Connection
from redis import Redis

from tests.event_samples import Event


def received(url: str) -> list[Event]:
    """Return the events that a broker keeps for its consumers, in their order; they stay there."""
    return _in_queue(url) if url.startswith("amqp") else _in_stream(url)


def _in_stream(url: str) -> list[Event]:
    with Redis.from_url(url, decode_responses=True) as redis:
        return [json.loads(fields["event"]) for _, fields in redis.xrange("conversations")]


def _in_queue(url: str) -> list[Event]:
    return [json.loads(message.body) for message in queued(url)]


def queued(url: str) -> list[Any]:
    """Return the messages in the catch-all queue; they stay there."""
    messages = []
    with Connection(url) as connection:
        channel = connection.default_channel
        while (message := channel.basic_get("conversations.all")) is not None:
            messages.append(message)
        # Closing the connection without an acknowledgement puts them back, in order.
    return messages
