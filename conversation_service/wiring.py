"""Puts the collaborators of a process together from its configuration."""

from functools import partial

from django.conf import settings

from conversation_service.nudge import Nudger
from conversation_service.trace import trace_headers
from conversation_service.tracing import recorder, traced
from conversations.dependencies import Dependencies, note_nothing
from conversations.events.resting import RestingTransport
from conversations.events.transports.build import build_transport
from conversations.events.waiters import Waiters
from conversations.plugins.discovery import installed_plugins
from conversations.tasks.jobs import send_jobs
from conversations.tasks.outbox import send_deliveries
from integrations.build import build_clients
from integrations.resilience.rate_limit import RateLimiter
from integrations.resilience.shared import SharedMemory, connect_redis


def build_dependencies(*, background: bool = False) -> Dependencies:
    """Return the process's collaborators; nothing is connected to before the first call.

    `background` is for processes in which no caller waits: they call again more patiently.
    """
    config = settings.CONFIG
    shared = SharedMemory(redis=connect_redis(config.redis_url))
    clients = build_clients(
        config=config,
        shared=shared,
        headers=trace_headers,
        background=background,
    )
    rate = config.rate_limit
    spans = recorder()
    return Dependencies(
        auth=clients.auth,
        characters=clients.characters,
        transport=RestingTransport(
            build=traced(partial(build_transport, settings.EVENTS_BROKER_URL))
        ),
        waiters=Waiters(limit=config.feed_waiters),
        plugins=installed_plugins(),
        jwks=clients.jwks,
        rate_limiter=RateLimiter(rate=rate, shared=shared) if rate else None,
        nudge=Nudger(send_deliveries).nudge,
        run_job=Nudger(send_jobs).nudge,
        event_written=spans.event_written if spans else note_nothing,
    )
