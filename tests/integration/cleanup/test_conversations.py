"""Trash and expired conversations are purged, and announced."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from bson import ObjectId

from conversations.dependencies import utc_now
from conversations.repository.database import collection
from conversations.services.cleanup.chore import work_off
from conversations.services.cleanup.conversations import expiry_chores, trash_chores
from conversations.tasks.cleanup import clean_expired, clean_trash
from tests.client import ApiClient
from tests.doubles.dying import dies
from tests.integration.api.test_concurrency import together
from tests.integration.api.test_harvest import logged

RETENTION = timedelta(days=30)  # the default of TRASH_RETENTION_DAYS
LONG_AGO = timedelta(days=31)
ROUNDS = 20


@pytest.fixture(autouse=True)
def nothing_else_is_over(database: None) -> None:
    """Forget what other tests have left in the trash, or expired."""
    collection("conversations").delete_many({"status": "deleted"})
    collection("conversations").delete_many({"expires_at": {"$lt": utc_now()}})


def set_fields(conversation: dict[str, Any], **fields: Any) -> None:
    """Change a document behind everybody's back."""
    collection("conversations").update_one({"_id": ObjectId(conversation["id"])}, {"$set": fields})


def put_away(api: ApiClient, *, since: timedelta = LONG_AGO, **members: Any) -> dict[str, Any]:
    """Create a conversation that has been in the trash for so long."""
    created = api.create(**members)
    assert api.delete(created["id"]).status == 204
    set_fields(created, deleted_at=utc_now() - since)
    return created


def events_of(api: ApiClient, conversation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return its events, in the log and not yet there."""
    waiting = collection("conversations").find({"user_id": api.user_id})
    everything = [row["event"] for row in logged(api.user_id)]
    everything += [event for document in waiting for event in document["pending_events"]]
    distinct = {event["event_id"]: event for event in everything}
    mine = [each for each in distinct.values() if each["conversation_id"] == conversation["id"]]
    return sorted(mine, key=lambda event: event["sequence"])


def purges_of(api: ApiClient, conversation: dict[str, Any]) -> list[dict[str, Any]]:
    events = events_of(api, conversation)
    return [event for event in events if event["event_type"] == "conversation.purged"]


def is_there(api: ApiClient, conversation: dict[str, Any]) -> bool:
    return api.get(f"/conversations/{conversation['id']}").status == 200


def test_it_empties_the_trash_of_what_lay_there_long_enough(api: ApiClient) -> None:
    """By the path of every purge: an event, a version, and no content left anywhere."""
    old = put_away(api, title="Secret")
    young = put_away(api, since=timedelta(days=29))
    active = api.create()
    clean_trash()
    assert not is_there(api, old)
    assert is_there(api, young)
    assert is_there(api, active)
    [purged] = purges_of(api, old)
    assert purged["actor"] == "system:cleanup"
    assert purged["sequence"] == 3
    assert [event["data"] for event in events_of(api, old)] == [None] * 3
    assert "Secret" not in str(list(collection("conversations").find({"user_id": api.user_id})))


def test_it_keeps_the_trash_as_long_as_configured(api: ApiClient, settings: Any) -> None:
    """TRASH_RETENTION_DAYS."""
    settings.CONFIG = settings.CONFIG.model_copy(update={"trash_retention_days": 60})
    kept = put_away(api, since=timedelta(days=59))
    gone = put_away(api, since=timedelta(days=61))
    clean_trash()
    assert is_there(api, kept)
    assert not is_there(api, gone)


def test_it_purges_what_has_expired(api: ApiClient) -> None:
    """Whatever its state; what expires later, or never, stays."""
    past, future = utc_now() - timedelta(seconds=1), utc_now() + timedelta(hours=1)
    expired = [api.create(), put_away(api, since=timedelta(days=1))]
    kept = [api.create(), api.create()]
    for each in expired:
        set_fields(each, expires_at=past)
    set_fields(kept[0], expires_at=future)
    clean_expired()
    assert [event["actor"] for each in expired for event in purges_of(api, each)] == [
        "system:cleanup"
    ] * 2
    assert [is_there(api, each) for each in expired + kept] == [False, False, True, True]


def test_it_expires_at_the_very_moment(api: ApiClient) -> None:
    """As it is hidden at that moment, and not a millisecond before."""
    created, moment = api.create(), datetime(2026, 1, 1)  # noqa: DTZ001  # UTC, as in documents
    set_fields(created, expires_at=moment)
    before = expiry_chores(now=moment - timedelta(milliseconds=1))
    assert work_off(before, seconds=60).total() == 0
    assert work_off(expiry_chores(now=moment), seconds=60).total() == 1


def test_who_restores_in_time_keeps_it(api: ApiClient) -> None:
    """Found to be over, then restored, or even deleted again: another 30 days."""
    restored, again = put_away(api), put_away(api)
    chores = list(trash_chores(now=utc_now(), retention=RETENTION))
    for each in (restored, again):
        api.post(f"/conversations/{each['id']}/restore")
    api.delete(again["id"])
    assert [chore.do() for chore in chores] == [0, 0]
    assert api.read(restored["id"])["status"] == "active"
    assert api.read(again["id"])["status"] == "deleted"


def test_who_extends_the_expiry_keeps_it(api: ApiClient) -> None:
    """A web server whose clock is behind may let its owner do so."""
    created, now = api.create(expires_at="2126-01-01T00:00:00.000Z"), utc_now()
    set_fields(created, expires_at=now)
    chores = list(expiry_chores(now=now))
    set_fields(created, expires_at=now + timedelta(hours=1), version=2)
    assert [chore.do() for chore in chores] == [0]
    assert is_there(api, created)


def test_a_restore_and_a_purge_at_once_are_one_of_both(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Round after round: restored and alive, or purged and gone; never a bit of each."""
    other = client_of(api.user_id)
    outcomes = set()
    for _ in range(ROUNDS):
        created = put_away(api)

        def act(number: int, created: dict[str, Any] = created) -> int:
            if number == 0:
                clean_trash()
                return 0
            return other.post(f"/conversations/{created['id']}/restore").status

        status = together(2, act)[1]
        alive, purges = is_there(api, created), len(purges_of(api, created))
        outcomes.add((status, alive, purges))
    assert outcomes <= {(200, True, 0), (404, False, 1)}


def test_many_cleaners_purge_each_once(api: ApiClient) -> None:
    """Beat may run twice, and workers side by side."""
    old = [put_away(api) for _ in range(8)]

    def clean(_number: int) -> int:
        return work_off(trash_chores(now=utc_now(), retention=RETENTION), seconds=60)["trash"]

    assert sum(together(4, clean)) == len(old)
    assert [len(purges_of(api, each)) for each in old] == [1] * len(old)


def test_who_dies_leaves_the_rest_to_the_next(api: ApiClient) -> None:
    """After whichever write: in the end each is purged once, and nothing is left of it."""
    for writes in count(1):
        old = [put_away(api, title="Secret") for _ in range(2)]
        died = dies(clean_trash, after=writes)
        clean_trash()
        assert [len(purges_of(api, each)) for each in old] == [1] * 2
        assert "Secret" not in str(list(collection("conversations").find({"user_id": api.user_id})))
        if not died:
            break
    assert writes > 4  # two for each


def test_it_stops_in_time(api: ApiClient) -> None:
    """What is left is the next run's; the oldest go first."""
    older, newer = put_away(api, since=timedelta(days=40)), put_away(api)
    chores = trash_chores(now=utc_now(), retention=RETENTION)
    assert work_off(chores, seconds=0).total() == 1
    assert not is_there(api, older)
    assert is_there(api, newer)
    clean_trash()
    assert not is_there(api, newer)


def test_one_that_cannot_be_purged_holds_up_no_other(api: ApiClient) -> None:
    """A document that is not what it should be is logged and passed over."""
    broken, sound = put_away(api, since=timedelta(days=40)), put_away(api)
    collection("conversations").update_one(
        {"_id": ObjectId(broken["id"])}, {"$unset": {"version": 1}}
    )
    clean_trash()
    assert not is_there(api, sound)
    assert purges_of(api, broken) == []
    collection("conversations").delete_one({"_id": ObjectId(broken["id"])})


@pytest.mark.parametrize("clean", [clean_trash, clean_expired], ids=["trash", "expired"])
def test_it_looks_by_an_index(clean: Callable[[], None], commands: Any, api: ApiClient) -> None:
    """With nothing to do it is one find, narrowed by what a partial index has."""
    clean_trash()
    clean_expired()
    commands.forget()
    clean()
    [find] = commands.sent
    assert find["find"] == "conversations"
    assert list(find["filter"]) in (["status", "deleted_at"], ["expires_at"])
