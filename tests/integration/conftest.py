"""What tests against the real servers share."""

from collections.abc import Iterator

import pytest

from conversations import dependencies
from conversations.repository.database import collection
from tests.doubles.broker import BrokerDouble

# What `migrate` made, once for all files.
KEPT = {"django_migrations", "django_content_type", "auth_permission", "waffle_switch"}


@pytest.fixture(autouse=True, scope="module")
def emptied(database: None) -> None:
    """Begin each file without documents: no outcome depends on which files a worker ran before."""
    held = collection("conversations").database
    for name in set(held.list_collection_names()) - KEPT:
        held[name].delete_many({})


@pytest.fixture
def broker(database: None) -> Iterator[BrokerDouble]:
    """Return the broker to which this process publishes."""
    double = BrokerDouble()
    with dependencies.override(transport=double.rested()):
        yield double
