"""What no normal course leaves behind is found and mended."""

from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from django.contrib.sessions.models import Session
from django.utils import timezone

from conversations.dependencies import utc_now
from conversations.document import partition_of
from conversations.repository.database import collection
from conversations.services.cleanup.chore import work_off
from conversations.services.cleanup.orphans import deep_orphan_chores
from conversations.services.harvest import harvest
from conversations.tasks.cleanup import clean_orphans, clean_sessions
from tests.client import ApiClient
from tests.integration.api.test_harvest import logged
from tests.stored import stored

LONG_AGO = timedelta(minutes=11)


@pytest.fixture(autouse=True)
def no_other_orphans(database: None) -> None:
    """Mend what other tests have left by reaching behind the service."""
    work_off(deep_orphan_chores(now=utc_now()), seconds=60)


def purged(api: ApiClient, *, since: timedelta = LONG_AGO) -> dict[str, Any]:
    """Return the shell of a conversation purged so long ago, its events still in it."""
    created = api.create(title="Secret")
    assert api.delete(created["id"], "?permanent=true").status == 204
    shell = stored(api.user_id)
    set_fields(shell, {"$set": {"deleted_at": utc_now() - since}})
    return shell


def set_fields(document: dict[str, Any], change: dict[str, Any]) -> None:
    collection("conversations").update_one({"_id": document["_id"]}, change)


def is_stored(document: dict[str, Any]) -> bool:
    return collection("conversations").find_one({"_id": document["_id"]}) is not None


def mend_everything() -> dict[str, int]:
    return dict(work_off(deep_orphan_chores(now=utc_now()), seconds=60))


def test_it_removes_a_shell_that_was_left_behind(api: ApiClient) -> None:
    """Its events are in the log, with content; who moved them died just before the end."""
    shell = purged(api)
    events = shell["pending_events"]
    harvest({**shell, "status": "active"})  # as if the purge were not yet known
    set_fields(shell, {"$set": {"pending_events": []}, "$unset": {"pending_since": 1}})
    key = {"partition": shell["partition"], "event_id": events[0]["event_id"]}
    collection("conversation_events").update_one(key, {"$set": {"event.data": {"title": "Secret"}}})
    clean_orphans()
    assert not is_stored(shell)
    assert [row["event"]["data"] for row in logged(api.user_id)] == [None, None]


def test_it_leaves_shells_to_those_at_work(api: ApiClient) -> None:
    """Such as wait for the sweep, or were purged a moment ago."""
    waiting = purged(api)
    clean_orphans()
    assert is_stored(waiting)
    set_fields(waiting, {"$unset": {"pending_since": 1}, "$set": {"deleted_at": utc_now()}})
    clean_orphans()
    assert is_stored(waiting)


def test_it_harvests_a_shell_that_no_sweep_finds(api: ApiClient) -> None:
    """Its events get to the log before it goes."""
    shell = purged(api)
    set_fields(shell, {"$unset": {"pending_since": 1}})
    clean_orphans()
    assert not is_stored(shell)
    assert [row["event"]["event_type"] for row in logged(api.user_id)] == [
        "conversation.created",
        "conversation.purged",
    ]


def test_the_command_finds_events_that_no_sweep_would(api: ApiClient) -> None:
    """In whichever document; its conversation stays as it is."""
    created = api.create()
    set_fields({"_id": ObjectId(created["id"])}, {"$unset": {"pending_since": 1}})
    assert mend_everything() == {"events": 1}
    assert [row["event"]["sequence"] for row in logged(api.user_id)] == [1]
    assert api.read(created["id"]) == created
    assert mend_everything() == {}


def test_the_command_finds_content_that_should_be_gone(api: ApiClient) -> None:
    """The log says that it was purged, and holds a title all the same."""
    harvest(purged(api))
    row = logged(api.user_id)[0]
    key = {"partition": partition_of(api.user_id), "position": row["position"]}
    collection("conversation_events").update_one(
        key, {"$set": {"event.data": {"id": "1", "title": "Secret"}}}
    )
    assert mend_everything() == {"content": 1}
    assert [row["event"]["data"] for row in logged(api.user_id)] == [None, None]


def test_it_clears_sessions_that_are_over(database: None, user_id: str) -> None:
    """Those of the admin; the others stay logged in."""
    for name, hours in (("over", -1), ("open", 1)):
        Session.objects.create(
            session_key=f"{name}-{user_id}",
            session_data="",
            expire_date=timezone.now() + timedelta(hours=hours),
        )
    clean_sessions()
    left = Session.objects.filter(session_key__endswith=user_id)
    assert [session.session_key for session in left] == [f"open-{user_id}"]
