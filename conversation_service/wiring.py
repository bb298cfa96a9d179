"""Puts the collaborators of a process together from its configuration."""

from django.conf import settings

from conversation_service.trace import trace_headers
from conversations.dependencies import Dependencies
from integrations.build import build_clients
from integrations.resilience.shared import connect_redis


def build_dependencies(*, background: bool = False) -> Dependencies:
    """Return the process's collaborators; nothing is connected to before the first call.

    `background` is for processes in which no caller waits: they call again more patiently.
    """
    config = settings.CONFIG
    clients = build_clients(
        config=config,
        redis=connect_redis(config.redis_url),
        headers=trace_headers,
        background=background,
    )
    return Dependencies(auth=clients.auth, characters=clients.characters, jwks=clients.jwks)
