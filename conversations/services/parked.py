"""Parked events: seen, and sent again once the broker would take them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from conversations import dependencies
from conversations.events.waves import Row
from conversations.repository import outbox, parked
from conversations.repository.outbox import Checkpoint
from conversations.services.lease import SECONDS, Lease, lease
from conversations.services.publish import WINDOW
from conversations.services.publisher import Publisher

POLL_SECONDS = 0.2


class PartitionBusy(Exception):
    """A worker keeps publishing from a partition."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedEvent:
    """A parked event, without its content. `reason` is the broker's, or which event is before."""

    event_id: str
    event_type: str
    conversation_id: str | None
    user_id: str
    sequence: int | None
    partition: int
    position: int
    reason: str
    parked_at: datetime


def list_parked(*, limit: int) -> list[ParkedEvent]:
    """Return parked events, those longest parked first."""
    found = [
        _parked_event(row)
        for checkpoint in outbox.find_all()
        if checkpoint.parked_mark is not None
        for row in parked.find(partition=checkpoint.partition, limit=limit)
    ]
    return sorted(found, key=lambda event: event.parked_at)[:limit]


def _parked_event(row: Row) -> ParkedEvent:
    event = row["event"]
    return ParkedEvent(
        event_id=event["event_id"],
        event_type=event["event_type"],
        conversation_id=event["conversation_id"],
        user_id=event["user_id"],
        sequence=event["sequence"],
        partition=row["partition"],
        position=row["position"],
        reason=row["parked"]["reason"],
        parked_at=row["parked"]["at"],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Resent:
    """How many parked events the broker has taken now, and how many are parked still."""

    sent: int
    refused: int


def resend_parked(*, conversation_id: str | None = None) -> Resent:
    """Send the parked events of one conversation, or all, in order; who is taken is parked no more.

    An event that is refused again keeps those of its conversation behind it. Raises PartitionBusy
    if a worker holds on to a partition, BrokerUnavailable, and LeaseLost; each can be tried again.
    """
    sent = refused = 0
    for checkpoint in outbox.find_all():
        if checkpoint.parked_mark is not None:
            with _held(checkpoint.partition) as held:
                done = _resend(held, conversation_id=conversation_id)
                sent, refused = sent + done.sent, refused + done.refused
    return Resent(sent=sent, refused=refused)


@contextmanager
def _held(partition: int) -> Iterator[Lease]:
    """Hold a partition, as soon as its worker lets go of it; a dead one's lease ends."""
    clock, ends = dependencies.get().clock, time.monotonic() + 2 * SECONDS
    while time.monotonic() < ends:
        with lease(partition, clock=clock) as held:
            if held is not None:
                yield held
                return
        time.sleep(POLL_SECONDS)
    raise PartitionBusy


def _resend(held: Lease, *, conversation_id: str | None) -> Resent:
    checkpoint, collaborators = held.checkpoint, dependencies.get()
    publisher = Publisher(transport=collaborators.transport, clock=collaborators.clock, lease=held)
    rows = [
        row
        for row in parked.find(partition=checkpoint.partition)
        if conversation_id in (None, row["event"]["conversation_id"])
    ]
    sent = 0
    for number in range(0, len(rows), WINDOW):
        sent += publisher.resend(parked.read(rows[number : number + WINDOW]))
    _clear_mark(checkpoint)
    return Resent(sent=sent, refused=len(rows) - sent)


def _clear_mark(checkpoint: Checkpoint) -> None:
    """Spare publishers the question what is parked, once nothing is."""
    mark = checkpoint.parked_mark
    if mark is not None and not parked.count(partition=checkpoint.partition, limit=1):
        outbox.clear_parked_mark(partition=checkpoint.partition, mark=mark)
