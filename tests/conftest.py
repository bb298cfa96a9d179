"""The ground all tests stand on: a real database and cache, and stand-ins for other services.

`python -m devstack exec -- pytest` (or `make test`) starts them and names them in the environment.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pymongo.monitoring
import pytest
from django.core.management import call_command
from django.test.utils import setup_databases, teardown_databases

from conversations import dependencies
from tests.client import ApiClient
from tests.commands import CommandRecorder

RECORDER = CommandRecorder()
# PyMongo hands listeners to clients made later: the first connection comes after this import.
pymongo.monitoring.register(RECORDER)


NEEDED = ("MONGODB_URL", "REDIS_URL", "AUTH_SERVICE_URL", "CHARACTERS_SERVICE_URL")


@pytest.fixture(scope="session")
def servers() -> None:
    """Say once what is missing, not by a hundred failures."""
    missing = [name for name in NEEDED if name not in os.environ]
    if missing:
        pytest.exit(
            f"{', '.join(missing)} not set: run `make suite`, or "
            "`.venv/bin/python -m devstack exec -- .venv/bin/python -m pytest tests/…`",
            returncode=4,
        )


@pytest.fixture(scope="session")
def database(
    servers: None,
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: Any,
) -> Iterator[None]:
    """Prepare a test database with its indexes; tests keep apart by users of their own."""
    with django_db_blocker.unblock():
        # pytest-django's own set-up makes databases only for tests with its mark.
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": False})
        call_command("setup_indexes", verbosity=0)
        # No worker listens; a test that wants its events delivered does that itself.
        with dependencies.override(nudge=dependencies.do_nothing):
            yield
        teardown_databases(made, verbosity=0)


@pytest.fixture
def user_id() -> str:
    return f"user-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def client_of(database: None) -> Callable[..., ApiClient]:
    """Return clients of the API: `client_of(user_id, scope="…")`."""
    return ApiClient.for_user


@pytest.fixture
def api(client_of: Callable[..., ApiClient], user_id: str) -> ApiClient:
    """Return a client of the API that speaks for a new user."""
    return client_of(user_id)


@pytest.fixture
def other(client_of: Callable[..., ApiClient]) -> ApiClient:
    """Return a client that speaks for somebody else."""
    return client_of(f"other-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def admin(client_of: Callable[..., ApiClient]) -> ApiClient:
    """Return a client with the admin scope."""
    return client_of(f"admin-{uuid.uuid4().hex[:12]}", scope="conversations:admin")


@pytest.fixture
def messages(client_of: Callable[..., ApiClient]) -> ApiClient:
    """Return a client that speaks as the Message Service does."""
    return client_of("message-service", scope="conversations:activity")


@pytest.fixture
def commands() -> Iterator[CommandRecorder]:
    """Return the database commands that the test's own thread sends."""
    with RECORDER.recording():
        yield RECORDER
