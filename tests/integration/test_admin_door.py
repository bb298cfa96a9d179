"""What requests to the admin pass before they reach a page: the database is asked first."""

import pytest
from django.test import Client

from tests.unit.wiring.routes import SECRET

pytestmark = [
    pytest.mark.urls("tests.unit.wiring.routes"),
    pytest.mark.usefixtures("database"),
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/admin/away", 503, "database_unavailable"),
        ("/admin/away-to-the-orm", 503, "database_unavailable"),
        ("/admin/bug", 500, "internal_error"),
    ],
)
def test_a_page_of_the_admin_tells_that_the_database_is_away(
    client: Client, path: str, status: int, code: str
) -> None:
    """As the API does, and of nothing else."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer) is (status == 503)
    assert SECRET not in answer.content.decode()


def test_sessions_are_for_the_admin_only(client: Client) -> None:
    """No cookie speaks for anyone in the API."""
    assert client.get("/looked-at").content == b""
    assert client.get("/admin/looked-at").content == b"session,user,_messages"
