"""Logins are throttled: by account and address, and never because Redis is away."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import caches
from django.test import Client, RequestFactory

from conversations.admin.login import ATTEMPTS, client_address
from devstack.ports import free_port
from tests.integration.admin.pages import PASSWORD

FIRST, SECOND = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def username(database: None, name: str) -> str:
    User.objects.create_user(f"staff-{name}", password=PASSWORD, is_staff=True)
    return f"staff-{name}"


def attempt(username: str, guess: str = "wrong", *, address: str = FIRST) -> str:
    """Send the form; returns "in", "wrong" or "throttled"."""
    form = {"username": username, "password": guess}
    answer = Client(REMOTE_ADDR=address).post("/admin/login/", form)
    if answer.status_code == 302:
        return "in"
    return "throttled" if "Too many attempts" in answer.content.decode() else "wrong"


@pytest.fixture
def quick_hash(settings: Any) -> None:
    """Hash passwords in no time: what is counted is not how long each takes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.usefixtures("quick_hash")
def test_it_looks_at_no_more_passwords_after_some_wrong_ones(username: str) -> None:
    """Not even at the right one; from elsewhere, and for others, nothing changes."""
    assert [attempt(username) for _ in range(ATTEMPTS)] == ["wrong"] * ATTEMPTS
    assert attempt(username, PASSWORD) == "throttled"
    assert attempt(username.upper()) == "throttled"
    assert attempt(username, PASSWORD, address=SECOND) == "in"
    assert attempt(f"other-{username}") == "wrong"


@pytest.mark.usefixtures("quick_hash")
def test_it_counts_anew_after_a_right_password(username: str) -> None:
    """Who mistypes now and then is never locked out."""
    for _ in range(2):
        assert [attempt(username) for _ in range(ATTEMPTS - 1)] == ["wrong"] * (ATTEMPTS - 1)
        assert attempt(username, PASSWORD) == "in"


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """Let the cache be where nobody listens."""
    away = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {**settings.CACHES, "default": away}
    yield
    caches["default"].close()


@pytest.mark.usefixtures("quick_hash")
def test_it_leads_to_the_dashboard_where_the_form_names_no_page(username: str) -> None:
    """As of a script that sends nothing but name and password."""
    answer = Client().post("/admin/login/", {"username": username, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.usefixtures("quick_hash", "no_redis")
def test_it_lets_staff_in_while_redis_is_away(username: str) -> None:
    """Nobody counts then: an outage is when staff are needed."""
    assert attempt(username, PASSWORD) == "in"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.7", "203.0.113.5", "192.0.2.7"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "198.51.100.9, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("", "203.0.113.5", "203.0.113.5"),
        ("", "198.51.100.9, 203.0.113.5", "203.0.113.5"),
        ("", "203.0.113.5, 10.0.0.1", "203.0.113.5"),
        ("", "", ""),
    ],
)
def test_it_believes_an_address_only_from_a_trusted_proxy(
    settings: Any, peer: str, forwarded: str, expected: str
) -> None:
    """Anybody can send the header: what a stranger adds to its left counts for nothing.

    On a socket the front has added the address that it was connected from.
    """
    settings.CONFIG = settings.CONFIG.model_copy(update={"trusted_proxies": ("10.0.0.0/8",)})
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().post("/admin/login/", REMOTE_ADDR=peer, headers=headers)
    assert client_address(request) == expected
