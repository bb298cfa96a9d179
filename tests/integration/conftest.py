"""What tests against the real servers share."""

from collections.abc import Iterator

import pytest

from conversations import dependencies
from tests.doubles.broker import BrokerDouble


@pytest.fixture
def broker(database: None) -> Iterator[BrokerDouble]:
    """Return the broker to which this process publishes."""
    double = BrokerDouble()
    with dependencies.override(transport=double.rested()):
        yield double
