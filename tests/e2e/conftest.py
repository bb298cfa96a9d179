"""A running service for the tests that look at it from outside."""

import uuid
from collections.abc import Iterator

import pytest

from tests.e2e.live import LiveService, live_service, own_database

APP = "https://app.example"


@pytest.fixture(scope="session")
def service(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """Return the service, started once, on the servers that the environment names."""
    folder = tmp_path_factory.mktemp("service")
    with live_service(folder=folder) as running, own_database(running):
        yield running


@pytest.fixture
def token(service: LiveService, user_id: str) -> str:
    return service.token(user_id)


@pytest.fixture
def trace_id() -> str:
    """Return an id by which the test finds its log lines."""
    return uuid.uuid4().hex


@pytest.fixture(scope="session")
def strict_service(
    servers: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    """Return a service that has names of its own, and lets pages of one origin call it."""
    folder = tmp_path_factory.mktemp("strict-service")
    names = {"ALLOWED_HOSTS": "127.0.0.1,api.example", "CORS_ALLOWED_ORIGINS": APP}
    with live_service(folder=folder, **names) as running:
        yield running
