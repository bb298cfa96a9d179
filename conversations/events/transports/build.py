"""Which transport a URL asks for. Another broker is a module beside this one and a line here."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings

from conversations.events.transports.base import Transport
from conversations.events.transports.rabbitmq import RabbitMQ
from conversations.events.transports.redis_stream import RedisStream


def _redis_stream(url: str) -> Transport:
    hours = settings.CONFIG.events_stream_retention_hours
    return RedisStream(url=url, retention=timedelta(hours=hours))


def _rabbitmq(url: str) -> Transport:
    return RabbitMQ(url=url)


_BY_SCHEME: dict[str, Callable[[str], Transport]] = {
    "redis": _redis_stream,
    "rediss": _redis_stream,
    "unix": _redis_stream,
    "amqp": _rabbitmq,
    "amqps": _rabbitmq,
}


def build_transport(url: str) -> Transport:
    """Return a transport to the broker at `url`; it connects with its first event.

    One process has its own, made after any fork, and uses it in one thread at a time. The schemes
    are those that config.py accepts.
    """
    return _BY_SCHEME[urlsplit(url).scheme](url)
