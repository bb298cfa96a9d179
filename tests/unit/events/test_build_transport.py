"""The URL decides which broker it is."""

import pytest

from conversation_service.config import load_config
from conversations.events.transports.build import build_transport
from conversations.events.transports.rabbitmq import RabbitMQ
from conversations.events.transports.redis_stream import RedisStream

URLS = {
    "redis://broker.example/2": RedisStream,
    "rediss://broker.example/2": RedisStream,
    "unix:///run/valkey.sock": RedisStream,
    "amqp://broker.example": RabbitMQ,
    "amqps://broker.example": RabbitMQ,
}


@pytest.mark.parametrize("url", URLS)
def test_each_scheme_has_its_transport(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Each that the configuration accepts; none is connected to before there is an event."""
    monkeypatch.setenv("REDIS_URL" if url.startswith("unix") else "EVENTS_BROKER_URL", url)
    load_config()
    transport = build_transport(url)
    transport.close()
    assert type(transport) is URLS[url]
