"""Parked events, failed jobs and breakers: seen in the admin, and mended there."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bson import ObjectId
from django.contrib.messages import get_messages
from django.test import Client

from conversations import dependencies
from conversations.document import partition_of
from conversations.repository import conversations
from conversations.repository.database import collection
from conversations.services import erasure, outbox
from conversations.services.jobs.kinds import KINDS
from conversations.services.parked import resend_parked
from tests.client import ApiClient
from tests.doubles import counting_job
from tests.doubles.broker import BrokerDouble
from tests.integration.admin.pages import page
from tests.integration.jobs.working import start, stored_job, work

PARKED = "/admin/conversations/parkedevent/"
JOBS = "/admin/conversations/job/"
BREAKERS = "/admin/conversations/breaker/"


def send(browser: Client, url: str, **form: Any) -> list[str]:
    """Send a page's form; returns the messages that come of it."""
    answer = browser.post(url, form)
    assert answer.status_code == 302, answer.content
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def parked(api: ApiClient, broker: BrokerDouble) -> Iterator[str]:
    """Return the id of a conversation whose event the broker has refused."""
    conversation_id: str = api.create()["id"]
    broker.reason_to_refuse = lambda event: (
        "too large" if event["conversation_id"] == conversation_id else None
    )
    outbox.deliver(partition_of(api.user_id), seconds=20)
    broker.reason_to_refuse = lambda _event: None
    yield conversation_id
    resend_parked(conversation_id=conversation_id)


def test_it_shows_parked_events_and_why(staff_of: Callable[..., Client], parked: str) -> None:
    """To those who may look; without the permission to send them there is no button."""
    html = page(staff_of("view_parkedevent"), PARKED)
    assert parked in html
    assert "too large" in html
    assert "Send all again" not in html


def test_it_sends_parked_events_again(
    staff_of: Callable[..., Client], broker: BrokerDouble, parked: str
) -> None:
    """Those of one conversation; then they are parked no more."""
    browser = staff_of("change_parkedevent")
    assert send(browser, PARKED, conversation=parked) == ["1 sent, 0 still parked."]
    assert [event["conversation_id"] for event in broker.taken if parked in str(event)] == [parked]
    assert parked not in page(browser, PARKED)
    assert send(browser, PARKED, conversation=parked) == ["Nothing of that is parked."]


def test_it_says_that_the_broker_is_away(
    staff_of: Callable[..., Client], broker: BrokerDouble, parked: str
) -> None:
    """Nothing is lost: the events stay parked."""
    broker.is_away = True
    browser = staff_of("change_parkedevent")
    with dependencies.override(transport=broker.rested()):
        told = send(browser, PARKED, conversation=parked)
    assert told == ["The broker of events is away: try again later."]
    broker.is_away = False
    assert parked in page(browser, PARKED)


def test_it_retries_a_job_that_failed(staff_of: Callable[..., Client], user_id: str) -> None:
    """It is queued, and goes on from where it came to; one that has not failed is told of."""
    failed, done = start(user_id, trouble={"2": "failure"}), start(user_id)
    work(failed)
    work(done)
    browser = staff_of("change_job")
    html = page(browser, f"{JOBS}?state=failed")
    assert str(failed) in html
    assert "no_luck" in html
    assert str(done) not in html
    collection("jobs").update_one({"_id": failed}, {"$unset": {"arguments.trouble": 1}})
    told = send(browser, JOBS, action="retry", _selected_action=[str(failed), str(done)], index="0")
    assert sorted(told) == [
        f"Cannot retry a job that is succeeded: {done}",
        f"Queued again: {failed}",
    ]
    assert work(failed)["state"] == "succeeded"


def test_it_offers_no_retry_where_nothing_is_kept(
    staff_of: Callable[..., Client],
    admin: ApiClient,
    user_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An erasure that failed has forgotten whose data it was: list and page say to ask again."""
    monkeypatch.delitem(KINDS, counting_job.KIND)
    monkeypatch.setattr(erasure, "MOST_ROUNDS", 1)
    monkeypatch.setattr(conversations, "ids_of", lambda *_, **__: [ObjectId()])
    asked = admin.send("DELETE", f"/users/{user_id}/data").json["id"]
    assert work(asked)["state"] == "failed"
    browser = staff_of("change_job")
    listed = page(browser, f"{JOBS}?state=failed")
    assert asked in listed
    assert 'value="cancel"' in listed
    assert 'value="retry"' not in listed
    assert "ask for it again" in listed
    assert "manage.py erase_user" in page(browser, f"{JOBS}{asked}/change/")


def test_it_says_why_it_cannot_retry(staff_of: Callable[..., Client], user_id: str) -> None:
    """Where other kinds of jobs can be."""
    failed = start(user_id, trouble={"1": "failure"})
    work(failed)
    collection("jobs").update_one({"_id": failed}, {"$set": {"kind": erasure.KIND}})
    form = {"action": "retry", "_selected_action": [str(failed)], "index": "0"}
    assert send(staff_of("change_job"), JOBS, **form) == [
        f"Cannot retry a job that is failed, and has forgotten what it was about: {failed}"
    ]
    assert stored_job(failed)["state"] == "failed"


def test_it_cancels_a_job(staff_of: Callable[..., Client], user_id: str) -> None:
    """One that has not begun ends at once."""
    job_id = start(user_id)
    send(staff_of("change_job"), JOBS, action="cancel", _selected_action=[str(job_id)], index="0")
    assert stored_job(job_id)["state"] == "cancelled"


def test_it_shows_one_job_with_its_errors(staff_of: Callable[..., Client], user_id: str) -> None:
    """And nothing to edit."""
    failed = start(user_id, trouble={"1": "failure"})
    work(failed)
    html = page(staff_of("view_job"), f"{JOBS}{failed}/change/")
    assert "no_luck: It was not to be." in html
    assert 'name="_save"' not in html


def state_of(name: str, html: str) -> str:
    """Return the label in a breaker's row."""
    [state] = re.findall(rf">{name}</td>.*?<span[^>]*>\s*([a-z -]+?)\s*</span>", html, re.DOTALL)
    return str(state)


@pytest.fixture
def own_redis(settings: Any) -> None:
    """Keep the breakers of this test from those of others."""
    url = settings.CONFIG.redis_url.rsplit("/", 1)[0] + "/9"
    settings.CONFIG = settings.CONFIG.model_copy(update={"redis_url": url})


@pytest.mark.usefixtures("own_redis")
def test_it_holds_a_breaker_open_and_closes_it(staff_of: Callable[..., Client]) -> None:
    """As `manage.py breaker` does."""
    browser = staff_of("change_breaker")
    told = send(browser, BREAKERS, name="characters", action="open")
    assert told == ["characters is held open, in every process within a second."]
    assert state_of("characters", page(browser, BREAKERS)) == "held open"
    send(browser, BREAKERS, name="characters", action="close")
    assert state_of("characters", page(browser, BREAKERS)) == "closed"
    assert browser.post(BREAKERS, {"name": "nonsense", "action": "open"}).status_code == 400


def test_it_says_that_redis_is_away(staff_of: Callable[..., Client], settings: Any) -> None:
    """Breakers are each process's own then."""
    away = "redis://127.0.0.1:1/0"
    settings.CONFIG = settings.CONFIG.model_copy(update={"redis_url": away})
    browser = staff_of("change_breaker")
    assert "Redis cannot be reached" in page(browser, BREAKERS)
    told = send(browser, BREAKERS, name="auth", action="open")
    assert told == ["Redis cannot be reached: nothing was changed."]


@pytest.mark.parametrize("url", [PARKED, JOBS, BREAKERS])
def test_it_keeps_staff_without_the_permission_out(viewer: Client, url: str) -> None:
    """They neither look nor act."""
    assert viewer.get(url).status_code == 403
    assert viewer.post(url, {"action": "open", "name": "auth"}).status_code == 403


@pytest.mark.parametrize(("url", "model"), [(PARKED, "parkedevent"), (BREAKERS, "breaker")])
def test_it_lets_nobody_act_who_may_only_look(
    staff_of: Callable[..., Client], url: str, model: str
) -> None:
    """There is no button, and sending the form all the same is refused."""
    browser = staff_of(f"view_{model}")
    page(browser, url)
    assert browser.post(url, {"action": "open", "name": "auth"}).status_code == 403
