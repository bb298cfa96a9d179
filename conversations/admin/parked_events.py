"""Parked events in the admin: why the broker refused them, and sending them again."""

from typing import Any

import structlog
from django.contrib import admin, messages
from django.http import HttpRequest
from pymongo.errors import PyMongoError

from conversations import dependencies
from conversations.admin.plain import PlainPage
from conversations.admin.staff import actor_of
from conversations.events.transports.base import BrokerUnavailable
from conversations.models import ParkedEvent
from conversations.services.lease import LeaseLost
from conversations.services.parked import PartitionBusy, list_parked, resend_parked

SHOWN = 100
log = structlog.get_logger(__name__)


@admin.register(ParkedEvent)
class ParkedEvents(PlainPage):
    """What `manage.py outbox parked` and `resend` do."""

    page_template = "operations/parked_events.html"

    def content(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002  # PlainPage's
        """Return the events, those longest parked first."""
        return {"events": list_parked(limit=SHOWN), "limit": SHOWN}

    def act(self, request: HttpRequest) -> None:
        """Send the events of one conversation again, or all of them."""
        conversation_id = request.POST.get("conversation") or None
        transport = dependencies.get().transport
        try:
            done = resend_parked(conversation_id=conversation_id)
        except BrokerUnavailable:
            messages.error(request, "The broker of events is away: try again later.")
            return
        except (PartitionBusy, LeaseLost):
            messages.error(request, "A worker is busy with these events: try again in a while.")
            return
        except PyMongoError:
            messages.error(request, "The database does not answer: look, and try again.")
            return
        finally:
            transport.close()  # a web process publishes too seldom to keep connections
        log.info(
            "parked events sent again",
            actor=actor_of(request),
            conversation_id=conversation_id,
            sent=done.sent,
            refused=done.refused,
        )
        if not (done.sent or done.refused):
            messages.warning(request, "Nothing of that is parked.")
            return
        level = messages.WARNING if done.refused else messages.SUCCESS
        messages.add_message(request, level, f"{done.sent} sent, {done.refused} still parked.")
