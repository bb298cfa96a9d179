"""Waiting for events: as long as asked for, no longer than needed, by no more than may."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conversations import dependencies
from conversations.caller import system_caller
from conversations.events.waiters import Waiters
from conversations.services.feed import Feed, read_feed
from conversations.services.harvest import harvest_user
from tests.client import Answer, ApiClient
from tests.integration.api.test_feed import end_of, page_of, places, read_on

PATIENCE = (
    20.0  # seconds in which anything that shall come at once has come; below the longest wait
)


@pytest.fixture
def waiters() -> Iterator[Waiters]:
    """Return the places to wait in this process: one."""
    one = Waiters(limit=1)
    with dependencies.override(waiters=one):
        yield one


class Reader:
    """A reader in a thread of its own."""

    def __init__(self, api: ApiClient, query: str) -> None:
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=lambda: self._answers.append(api.get(query)))
        self._thread.start()

    @property
    def waits(self) -> bool:
        """Whether there is no answer yet."""
        return self._thread.is_alive()

    def page(self) -> dict[str, Any]:
        """Return the answer's page, which comes before its wait is over."""
        self._thread.join(PATIENCE)
        assert not self.waits
        [answer] = self._answers
        assert answer.status == 200, answer.content
        page: dict[str, Any] = answer.json
        return page


@contextmanager
def waiting(api: ApiClient, waiters: Waiters, query: str = "") -> Iterator[Reader]:
    """Let a reader wait at the end of its feed, and begin the block when it does."""
    page = end_of(api)
    reader = Reader(api, f"/events?after={page['next_cursor']}&wait=25{query}")
    ends = time.monotonic() + PATIENCE
    while not waiters.count:
        assert time.monotonic() < ends
        time.sleep(0.01)
    yield reader
    reader.page()


def test_it_answers_as_soon_as_there_is_an_event(api: ApiClient, waiters: Waiters) -> None:
    """And not before; then its place is free again."""
    with waiting(api, waiters) as reader:
        assert reader.waits
        conversation = api.create()
        assert places(reader.page()) == [(conversation["id"], 1)]
    assert waiters.count == 0


def test_it_finds_what_other_processes_write(
    api: ApiClient, waiters: Waiters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No alarm rings for their writes: it looks by itself."""
    monkeypatch.setattr(Waiters, "wake", lambda _self, _user_id: None)
    with waiting(api, waiters) as reader:
        conversation = api.create()
        assert places(reader.page()) == [(conversation["id"], 1)]


def test_it_waits_for_everybodys_events(api: ApiClient, admin: ApiClient, waiters: Waiters) -> None:
    """They come when they are in the log."""
    with waiting(admin, waiters) as reader:
        conversation = api.create()
        harvest_user(api.user_id)
        assert places(reader.page()) == [(conversation["id"], 1)]


def test_an_alarm_rings_for_ones_own_events_only(waiters: Waiters) -> None:
    """Others' writes, however many, wake nobody."""
    with waiters.place("mine") as alarm:
        assert alarm is not None
        waiters.wake("theirs")
        assert not alarm.is_set()
        waiters.wake("mine")
        assert alarm.is_set()


def test_it_answers_at_once_when_all_places_are_taken(
    api: ApiClient, other: ApiClient, waiters: Waiters
) -> None:
    """With what there is: nothing, while the one who has the place goes on waiting."""
    with waiting(api, waiters) as reader:
        page = Reader(other, "/events?wait=25").page()
        assert (page["results"], waiters.count) == ([], 1)
        assert reader.waits
        conversation = other.create()
        assert places(read_on(other, page, "&wait=25")) == [(conversation["id"], 1)]
        api.create()


def test_it_does_not_wait_where_there_are_events(api: ApiClient, waiters: Waiters) -> None:
    """Waiting is for empty pages."""
    conversation = api.create()
    with waiters.place(None):
        assert places(page_of(api, "?wait=25")) == [(conversation["id"], 1)]


def test_it_answers_an_empty_page_when_the_wait_is_over(api: ApiClient, waiters: Waiters) -> None:
    """With the place to go on from."""
    page = page_of(api, "?wait=1")
    assert page["results"] == []
    conversation = api.create()
    assert places(read_on(api, page)) == [(conversation["id"], 1)]


def test_it_never_waits_past_the_requests_deadline(user_id: str, database: None) -> None:
    """A request that has no time left for reading once more does not begin to wait."""
    caller = system_caller(actor=user_id, owner=user_id, seconds=1)
    page = read_feed(feed=Feed(owner=user_id), after=None, limit=1, wait=25, caller=caller)
    assert page.events == []
    assert not caller.deadline.expired
