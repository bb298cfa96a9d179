"""`manage.py outbox`: events on their way to the broker, seen and sent again by hand."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from conversations import dependencies
from conversations.events.transports.base import BrokerUnavailable
from conversations.management.teaching import ServerAway, TeachingCommand, UsageError, console_of
from conversations.services.lease import LeaseLost
from conversations.services.outbox import OutboxState, checkpoints, outbox_state
from conversations.services.parked import PartitionBusy, list_parked, resend_parked

NARROWEST = 160  # columns of a table that goes into a file or a pipe
SHOWN = 100  # parked events

DESCRIPTION = """\
Every change of a conversation leaves its event in the document. From there workers move it to the
log, at the next position of its partition, and publish the log in order. Nothing is lost on the
way: what a worker leaves behind, the next one does, every second.

  pending     events that the broker does not have yet: in documents, and in the log. With workers
              at work it is near 0. If it grows, no worker runs, or the broker is away.
  oldest      how long the oldest of them has waited; beyond OUTBOX_MAX_AGE /health is degraded
  parked      events that the broker refused though it was well, and later ones of the same
              conversations, held back so that none overtakes another. Nobody sends them again but
              `outbox resend`, once the reason is mended (a limit, a permission, a missing queue).
"""
EXAMPLES = """\
examples:
  manage.py outbox status                       how each partition stands
  manage.py outbox parked                       what was refused, and why
  manage.py outbox resend                       send all parked events, in order
  manage.py outbox resend --conversation ID     those of one conversation
"""


class Command(TeachingCommand):
    """Show the outbox and its parked events, and send these again."""

    help = "Show events on their way to the broker, and send again those that it refused."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("status", help="show what waits, and how each partition stands")
        actions.add_parser("parked", help=f"show the parked events, {SHOWN} at most")
        resend = actions.add_parser("resend", help="send parked events again, in order")
        resend.add_argument("--conversation", metavar="ID", help="only those of one conversation")

    def handle(self, **options: Any) -> None:
        """Run the action; raises CommandError, which exits with 1."""
        console = console_of(options, narrowest=NARROWEST)
        try:
            _ACTIONS[options["action"]](console, options)
        except PyMongoError as error:
            raise ServerAway(f"The database cannot be reached ({type(error).__name__}).") from None


def _status(console: Console, _options: Mapping[str, Any]) -> None:
    now = dependencies.get().clock()
    state = outbox_state(now=now)
    table = Table("partition", "in the log up to", "published up to", "waiting", "held by a worker")
    for each in checkpoints():
        table.add_row(
            str(each.partition),
            str(each.appended),
            str(each.published),
            str(each.unpublished),
            f"for {(each.leased_until - now).total_seconds():.0f} s more"
            if each.leased_until > now
            else "",
        )
    console.print(table)
    console.print(_in_words(state))


def _in_words(state: OutboxState) -> str:
    return (
        f"{state.pending} pending, the oldest for {state.oldest_seconds:.1f} s; "
        f"{state.parked} parked"
    )


def _parked(console: Console, _options: Mapping[str, Any]) -> None:
    events = list_parked(limit=SHOWN)
    if not events:
        console.print("Nothing is parked.")
        return
    table = Table("parked at (UTC)")
    table.add_column("event type", no_wrap=True)
    table.add_column("sequence")
    table.add_column("reason", overflow="fold")  # it may name another event
    table.add_column("conversation", no_wrap=True)
    table.add_column("event", no_wrap=True)
    for event in events:
        table.add_row(
            f"{event.parked_at:%Y-%m-%d %H:%M:%S}",
            event.event_type,
            str(event.sequence or ""),
            event.reason,
            event.conversation_id or f"none (user {event.user_id})",
            event.event_id,
        )
    console.print(table)


def _resend(console: Console, options: Mapping[str, Any]) -> None:
    conversation_id = options["conversation"]
    if conversation_id is not None:
        if not ObjectId.is_valid(conversation_id):
            raise UsageError("--conversation must be an id: 24 hexadecimal digits.")
        conversation_id = str(ObjectId(conversation_id))  # as events have it
    transport = dependencies.get().transport
    try:
        done = resend_parked(conversation_id=conversation_id)
    except BrokerUnavailable as error:
        raise CommandError(f"The broker of events is away ({error}): try again later.") from None
    except (PartitionBusy, LeaseLost):
        raise CommandError("A worker is busy with these events: try again in a while.") from None
    finally:
        transport.close()
    if conversation_id is not None and not (done.sent or done.refused):
        raise CommandError("Nothing of that conversation is parked: see `manage.py outbox parked`.")
    console.print(f"{done.sent} sent, {done.refused} still parked.")
    if done.refused:
        raise CommandError("Some were refused again: see `manage.py outbox parked`.")


_ACTIONS = {"status": _status, "parked": _parked, "resend": _resend}
