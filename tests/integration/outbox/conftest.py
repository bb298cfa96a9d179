"""A partition to deliver, and a broker that does what a test wants."""

from collections.abc import Callable

import pytest

from conversations import dependencies
from conversations.document import partition_of
from conversations.services import outbox
from tests.client import ApiClient
from tests.doubles.broker import BrokerDouble

SECONDS = 20.0


@pytest.fixture
def deliver(api: ApiClient, broker: BrokerDouble) -> Callable[[], None]:
    """Return a worker's run over the user's partition; the broker has what was there before."""

    def run() -> None:
        # Each run is that of a worker that knows of no failure yet.
        with dependencies.override(transport=broker.rested()):
            outbox.deliver(partition_of(api.user_id), seconds=SECONDS)

    run()
    return run
