"""The outbox as a whole: what there is to do, doing it, and how it stands."""

from dataclasses import dataclass
from datetime import UTC, datetime

from conversations.document import PARTITIONS
from conversations.repository import events, outbox, parked, pending
from conversations.repository.outbox import Checkpoint
from conversations.services.harvest import harvest_partition
from conversations.services.publish import publish_partition
from integrations.resilience.deadline import Deadline

COUNTED_DOCUMENTS = 500  # of each partition; more waiting ones are not counted
COUNTED_PARKED = 1000  # of each partition


def deliver(partition: int, *, seconds: float) -> None:
    """Move what waits in the documents of a partition to the log, and from there to the broker.

    What is not done after `seconds` is left to the next run.
    """
    deadline = Deadline.after(seconds)
    harvest_partition(partition, deadline=deadline)
    publish_partition(partition, deadline=deadline)


def busy_partitions() -> list[int]:
    """Return the partitions in which there is something to deliver: 17 commands, all indexed."""
    unpublished = {each.partition for each in outbox.find_all() if each.unpublished}
    return [
        partition
        for partition in range(PARTITIONS)
        if partition in unpublished or pending.is_waiting(partition=partition)
    ]


def checkpoints() -> list[Checkpoint]:
    """Return how each partition stands that ever had an event in the log."""
    return outbox.find_all()


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxState:
    """How much waits, and how long the oldest has; times in seconds.

    `pending` counts events in documents and in the log that the broker does not have, those parked
    not among them. Beyond COUNTED_DOCUMENTS and COUNTED_PARKED per partition it counts no further.
    """

    pending: int
    oldest_seconds: float
    parked: int


def outbox_state(*, now: datetime) -> OutboxState:
    """Return how the outbox stands: one command per partition, and some for what is behind."""
    # Documents first: what moves to the log meanwhile is counted twice rather than not at all.
    waiting = [
        pending.waiting(partition=partition, limit=COUNTED_DOCUMENTS)
        for partition in range(PARTITIONS)
    ]
    accounts = outbox.find_all()
    oldest = [since for _, since in waiting] + [_oldest_in_log(each) for each in accounts]
    times = [time for time in oldest if time is not None]
    return OutboxState(
        pending=sum(number for number, _ in waiting) + sum(each.unpublished for each in accounts),
        oldest_seconds=max(0.0, (now - min(times)).total_seconds()) if times else 0.0,
        parked=sum(
            parked.count(partition=each.partition, limit=COUNTED_PARKED)
            for each in accounts
            if each.parked_mark is not None
        ),
    )


def _oldest_in_log(checkpoint: Checkpoint) -> datetime | None:
    if not checkpoint.unpublished:
        return None
    first = events.time_after(partition=checkpoint.partition, position=checkpoint.published)
    return _moment(first) if first else None


def _moment(timestamp: str) -> datetime:
    """Return an event's timestamp as documents hold it: UTC without an offset."""
    return datetime.fromisoformat(timestamp).astimezone(UTC).replace(tzinfo=None)
