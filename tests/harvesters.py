"""Harvesters that run beside a test, as the workers of the service do."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from conversations.services.harvest import harvest_user

PAUSE = 0.01  # seconds


@contextmanager
def harvesting(user_ids: Sequence[str], *, threads: int) -> Iterator[None]:
    """Let several harvesters move these users' events to the log until the block ends."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            for user_id in user_ids:
                harvest_user(user_id)
            over.wait(PAUSE)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        over.set()
        for worker in workers:
            worker.join()
