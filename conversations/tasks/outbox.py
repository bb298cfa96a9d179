"""Events on their way: from documents to the log, from the log to the broker."""

from collections.abc import Iterable

from celery import current_app

from conversations.services import outbox
from conversations.tasks.bounded import background_task

QUEUE = "outbox"
EXPIRES = 10.0  # seconds after which a message is of no use: the sweep has sent newer ones
MOST_WAITING = 64  # messages; with so many, nobody works on them or all partitions are among them
WORK_SECONDS = 10.0  # after which a task leaves the rest to the next
LIMIT_SECONDS = 20.0


@background_task(name="outbox.deliver", seconds=LIMIT_SECONDS)
def deliver(partition: int) -> None:
    """Deliver what waits in one partition."""
    outbox.deliver(partition, seconds=WORK_SECONDS)


@background_task(name="outbox.sweep", seconds=LIMIT_SECONDS)
def sweep() -> None:
    """Find the partitions in which something waits, and have each delivered."""
    if partitions := outbox.busy_partitions():
        send_deliveries(partitions)


def send_deliveries(partitions: Iterable[int]) -> None:
    """Ask the workers to deliver partitions, unless they have plenty to do.

    So the queue stays short, however long no worker is there. Raises what the broker's driver
    raises.
    """
    with current_app.producer_or_acquire() as producer:
        queue = current_app.amqp.queues[QUEUE].bind(producer.channel)
        if queue.queue_declare().message_count >= MOST_WAITING:
            return
        for partition in partitions:
            deliver.apply_async((partition,), expires=EXPIRES, producer=producer)
