"""Puts the collaborators of a process together from its configuration."""

from django.conf import settings
from conversation_service.trace import trace_headers
from conversations.dependencies import Dependencies
from integrations.build import build_clients
from integrations.resilience.shared import connect_redis


def build_dependencies() -> Dependencies:
    """Return the process's collaborators; nothing is connected to before the first call."""
    config = settings.CONFIG
    redis = connect_redis(config.redis_url)
    clients = build_clients(config=config, redis=redis, headers=trace_headers)
    return Dependencies(auth=clients.auth, characters=clients.characters)
