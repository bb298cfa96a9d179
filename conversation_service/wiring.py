"""Puts the collaborators of a process together from its configuration."""

from django.conf import settings
from redis import Redis

from conversation_service.trace import trace_headers
from conversations.dependencies import Dependencies
from integrations.build import build_clients


def build_dependencies() -> Dependencies:
    """Return the process's collaborators; nothing is connected to before the first call."""
    config = settings.CONFIG
    redis = Redis.from_url(config.redis_url, socket_connect_timeout=0.3, socket_timeout=0.5)
    clients = build_clients(config=config, redis=redis, headers=trace_headers)
    return Dependencies(auth=clients.auth, characters=clients.characters)
