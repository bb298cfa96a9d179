"""The admin's first page: figures and charts, or that they are not to be had."""

import html
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from conversations.admin import dashboard
from conversations.services import overview
from tests.client import ApiClient
from tests.integration.admin.pages import page

HEADINGS = (
    "Conversations created per day",
    "Conversations by status",
    "Top characters",
    "Events on their way to the broker",
    "Request rate",
    "Latency",
    "Circuit breakers",
)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Let no figures of this minute be kept."""
    dashboard._figures.cache_clear()  # noqa: SLF001  # its minute is longer than the test
    yield
    dashboard._figures.cache_clear()  # noqa: SLF001


def charts(text: str) -> list[dict[str, Any]]:
    """Return the data of the page's charts."""
    return [json.loads(html.unescape(data)) for data in re.findall(r'data-value="([^"]*)"', text)]


def test_it_draws_what_there_is(api: ApiClient, superuser: Client) -> None:
    """A conversation is in the figures of its day, its status and its character."""
    api.create()
    text = page(superuser, "/admin/")
    for heading in HEADINGS:
        assert heading in text
    created, statuses, characters, *_ = charts(text)
    assert len(created["labels"]) == 30
    assert created["datasets"][0]["data"][-1] >= 1
    assert statuses["labels"] == ["active", "archived", "deleted"]
    assert statuses["datasets"][0]["data"][0] >= 1
    assert "ada" in characters["labels"]


REQUESTS = {"Request rate", "Latency", "Busiest endpoints"}
OF_CONVERSATIONS = {"Conversations created per day", "Conversations by status", "Top characters"}
OUTBOX = {"Events on their way to the broker"}
BREAKERS = {">auth</td>"}


@pytest.mark.parametrize(
    ("permission", "expected"),
    [
        ("view_user", set()),
        ("view_job", REQUESTS),
        ("view_conversation", REQUESTS | OF_CONVERSATIONS),
        ("change_conversation", REQUESTS | OF_CONVERSATIONS),
        ("delete_conversation", REQUESTS | OF_CONVERSATIONS),
        ("change_parkedevent", REQUESTS | OUTBOX),
        ("change_breaker", REQUESTS | BREAKERS),
    ],
)
def test_it_shows_each_only_the_figures_of_pages_that_they_may_open(
    staff_of: Callable[..., Client], permission: str, expected: set[str]
) -> None:
    """By whichever permission they may; requests to whoever may open one of those pages."""
    text = page(staff_of(permission), "/admin/")
    every = REQUESTS | OF_CONVERSATIONS | OUTBOX | BREAKERS
    assert {heading for heading in every if heading in text} == expected


def test_it_says_what_is_not_available(superuser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collection too big to count in time makes nobody wait."""
    monkeypatch.setattr(overview, "TIME_LIMIT", 0.000_001)
    text = page(superuser, "/admin/")
    assert text.count("Not available") == 4
    assert "Busiest endpoints" in text
