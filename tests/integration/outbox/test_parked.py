"""What the broker refuses is parked, seen, and sent again by hand; nothing overtakes it."""

from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conversations import dependencies
from conversations.document import partition_of
from conversations.events.transports.base import Event
from conversations.repository.database import collection
from conversations.services.parked import ParkedEvent, list_parked, resend_parked
from tests.client import ApiClient
from tests.doubles.broker import BrokerDouble
from tests.integration.outbox.rows import checkpoint, logged

Deliver = Callable[[], None]


@pytest.fixture
def refused(api: ApiClient, broker: BrokerDouble, deliver: Deliver) -> Iterator[str]:
    """Return the id of a conversation whose first event was refused, with one behind it."""
    conversation_id = api.create()["id"]
    api.patch(conversation_id, {"title": "Second"})
    broker.reason_to_refuse = lambda event: "too large" if starts(event, conversation_id) else None
    deliver()
    yield conversation_id
    broker.reason_to_refuse = lambda _event: None
    with dependencies.override(transport=broker.rested()):
        resend_parked()


def starts(event: Event, conversation_id: str) -> bool:
    return (event["conversation_id"], event["sequence"]) == (conversation_id, 1)


def parked_of(conversation_id: str) -> list[ParkedEvent]:
    return [event for event in list_parked(limit=1000) if event.conversation_id == conversation_id]


def sequences(broker: BrokerDouble, conversation_id: str) -> list[int]:
    return [
        event["sequence"] for event in broker.taken if event["conversation_id"] == conversation_id
    ]


def outbox(*words: str) -> str:
    """Return what `manage.py outbox …` prints."""
    out = StringIO()
    call_command("outbox", *words, stdout=out)
    return out.getvalue()


def test_it_parks_what_is_refused_and_what_is_behind(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver, refused: str
) -> None:
    """Later events of that conversation too; those of others pass."""
    other = api.create()["id"]
    api.patch(refused, {"title": "Third"})
    deliver()
    first, second, third = parked_of(refused)
    assert (first.sequence, first.reason) == (1, "too large")
    assert (second.sequence, second.reason) == (2, f"behind event {first.event_id}")
    assert (third.sequence, third.reason) == (3, f"behind event {first.event_id}")
    assert sequences(broker, refused) == []
    assert sequences(broker, other) == [1]
    assert checkpoint(api.user_id).unpublished == 0


def test_it_sends_parked_events_again_in_order(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver, refused: str
) -> None:
    """Once the broker takes them they are parked no more, and what comes later passes."""
    broker.reason_to_refuse = lambda _event: None
    assert resend_parked(conversation_id=refused).sent == 2
    assert parked_of(refused) == []
    api.patch(refused, {"title": "Third"})
    deliver()
    assert sequences(broker, refused) == [1, 2, 3]


def test_what_is_refused_again_keeps_those_behind(broker: BrokerDouble, refused: str) -> None:
    """Nothing of its conversation is sent."""
    done = resend_parked(conversation_id=refused)
    assert (done.sent, done.refused) == (0, 2)
    first, second = sorted(parked_of(refused), key=lambda event: event.position)
    assert (first.sequence, first.reason) == (1, "too large")
    assert second.sequence == 2
    assert sequences(broker, refused) == []


def test_a_worker_that_died_before_its_checkpoint_parks_nothing_twice(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver, refused: str
) -> None:
    """The next finds the mark, and sends nothing of that conversation either."""
    before = parked_of(refused)
    position = logged(api.user_id)[0]["position"]
    collection("outbox").update_one(
        {"_id": partition_of(api.user_id)},
        {"$set": {"published": position - 1, "parked_mark": None}},
    )
    deliver()
    assert parked_of(refused) == before
    assert sequences(broker, refused) == []
    assert checkpoint(api.user_id).parked_mark is not None


def test_a_purge_empties_what_is_parked(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver, refused: str
) -> None:
    """What is sent later has no content any more."""
    api.delete(refused, "?permanent=true")
    deliver()
    broker.reason_to_refuse = lambda _event: None
    resend_parked(conversation_id=refused)
    assert sequences(broker, refused) == [1, 2, 3]
    assert {event["data"] for event in broker.of(api.user_id)} == {None}


def test_the_command_shows_and_resends(api: ApiClient, broker: BrokerDouble, refused: str) -> None:
    """How each partition stands, what is parked and why, and that it is gone."""
    assert f"│ {partition_of(api.user_id)} " in outbox("status")
    assert "2 parked" in outbox("status")
    shown = outbox("parked")
    assert "too large" in shown
    assert refused in shown
    with pytest.raises(CommandError, match="refused again"):
        outbox("resend", "--conversation", refused)
    broker.reason_to_refuse = lambda _event: None
    assert "2 sent, 0 still parked" in outbox("resend", "--conversation", refused)
    assert "Nothing is parked" in outbox("parked")


@pytest.mark.parametrize(
    ("conversation_id", "code"),
    [("zzz", 64), ("f" * 24, 1)],
    ids=["no-id", "another-id"],
)
def test_a_mistyped_id_is_no_success(
    broker: BrokerDouble, refused: str, conversation_id: str, code: int
) -> None:
    """What is parked stays; a script is told that it is not what was asked for."""
    broker.reason_to_refuse = lambda _event: None
    with pytest.raises(CommandError) as told:
        outbox("resend", "--conversation", conversation_id)
    assert told.value.returncode == code
    assert len(parked_of(refused)) == 2
    assert "2 sent" in outbox("resend", "--conversation", refused.upper())


def test_the_command_says_that_the_broker_is_away(broker: BrokerDouble, refused: str) -> None:
    """One line, and the events stay parked."""
    broker.is_away = True
    with pytest.raises(CommandError, match="broker of events is away"):
        outbox("resend")
    broker.is_away = False
    assert len(parked_of(refused)) == 2
