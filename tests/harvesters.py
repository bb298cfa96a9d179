"""Harvesters that run beside a test, as the workers of the service do."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from conversations.services.harvest import harvest_user
from tests.meanwhile import meanwhile

PAUSE = 0.01  # seconds


def harvesting(user_ids: Sequence[str], *, threads: int) -> AbstractContextManager[None]:
    """Let several harvesters move these users' events to the log until the block ends."""

    def work() -> None:
        for user_id in user_ids:
            harvest_user(user_id)

    return meanwhile(*[work] * threads, pause=PAUSE)
