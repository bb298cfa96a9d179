"""Each test begins with no migration carried out, and leaves no document that waits for one."""

from collections.abc import Iterator

import pytest

from conversations.repository.database import collection
from tests.integration.data_migrations.former import forget_migrations


@pytest.fixture(autouse=True, scope="module")
def few_documents(database: None) -> None:
    """Begin with none: a migration reads every conversation, those of all tests before too."""
    collection("conversations").delete_many({})


@pytest.fixture(autouse=True)
def no_migrations(database: None) -> Iterator[None]:
    forget_migrations()
    yield
    forget_migrations()
