"""Each test begins with no migration carried out, and leaves no document that waits for one."""

from collections.abc import Iterator

import pytest

from tests.integration.data_migrations.former import forget_migrations


@pytest.fixture(autouse=True)
def no_migrations(database: None) -> Iterator[None]:
    forget_migrations()
    yield
    forget_migrations()
