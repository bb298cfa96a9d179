"""Publishing: rows of the log go to the broker in order, each at least once.

The checkpoint passes a row when the broker has confirmed it, or when it is parked because the
broker refuses it. Whoever dies on the way leaves a checkpoint from which the next goes on; some
events are then sent twice, with the same event_id, and none before one that it follows.
"""

import uuid

import structlog

from conversations import dependencies
from conversations.events.transports.base import BrokerUnavailable
from conversations.repository import outbox, parked
from conversations.repository.log import rows_between
from conversations.services.lease import Lease, LeaseLost, lease
from conversations.services.publisher import Publisher
from integrations.resilience.deadline import Deadline

WINDOW = 100  # positions that are read, sent and confirmed together

log = structlog.get_logger(__name__)


def publish_partition(partition: int, *, deadline: Deadline) -> None:
    """Send what the log has after the checkpoint of a partition, while there is time.

    A broker that is away ends it, and so does another worker that has the partition.
    """
    collaborators = dependencies.get()
    transport = collaborators.transport
    if transport.is_resting or not outbox.find(partition).unpublished:
        return
    with lease(partition, clock=collaborators.clock) as held:
        if held is None:
            return
        publisher = Publisher(transport=transport, clock=collaborators.clock, lease=held)
        try:
            _publish(publisher, held, deadline=deadline)
        except (BrokerUnavailable, LeaseLost) as error:
            reason = str(error) or type(error).__name__
            log.warning("publishing ended early", partition=partition, reason=reason)


def _publish(publisher: Publisher, held: Lease, *, deadline: Deadline) -> None:
    partition, position = held.checkpoint.partition, held.checkpoint.published
    last = held.checkpoint.appended
    if held.checkpoint.parked_mark is not None:
        publisher.hold_back(parked.find(partition=partition))
    while position < last and not deadline.expired:
        rows = rows_between(partition=partition, above=position, upto=position + WINDOW)
        some_parked = publisher.send(rows)
        # Where the log has no rows they were erased: a position exists after the one before it.
        position = rows[-1]["position"] if rows else min(position + WINDOW, last)
        outbox.raise_published(
            partition=partition,
            position=position,
            parked_mark=uuid.uuid4().hex if some_parked else None,
        )
