"""Rows of the log reach the broker in order, each at least once, from a checkpoint on."""

from collections.abc import Callable
from typing import Any

import pytest

from conversations import dependencies
from conversations.dependencies import utc_now
from conversations.document import partition_of
from conversations.events.resting import LONGEST_REST
from conversations.events.transports.base import BrokerUnavailable
from conversations.repository import events, outbox
from conversations.repository.database import collection
from conversations.representation import timestamp
from conversations.services.outbox import outbox_state
from conversations.services.publish import WINDOW
from tests.client import ApiClient
from tests.doubles.broker import BrokerDouble
from tests.integration.outbox.rows import checkpoint, expire_lease, logged

Deliver = Callable[[], None]


def changed(api: ApiClient, *, times: int) -> str:
    """Create a conversation and change it; returns its id."""
    conversation_id: str = api.create()["id"]
    for number in range(times):
        assert api.patch(conversation_id, {"title": f"{number}"}).status == 200
    return conversation_id


def sequences(broker: BrokerDouble, conversation_id: str) -> list[int]:
    return [
        event["sequence"] for event in broker.taken if event["conversation_id"] == conversation_id
    ]


def test_it_sends_what_is_new_once(api: ApiClient, broker: BrokerDouble, deliver: Deliver) -> None:
    """In order per conversation, in as few calls as the longest conversation has events."""
    ids = [changed(api, times=2) for _ in range(5)]
    broker.calls.clear()
    deliver()
    deliver()
    assert broker.calls == [5, 5, 5]
    assert [sequences(broker, conversation_id) for conversation_id in ids] == [[1, 2, 3]] * 5
    state = checkpoint(api.user_id)
    assert state.published == state.appended == logged(api.user_id)[-1]["position"]
    assert state.holder is None


def test_it_sends_more_than_a_window(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver
) -> None:
    """A backlog, of which some rows were removed, is worked off in one run."""
    row = {
        "event_type": "conversation.updated",
        "timestamp": timestamp(utc_now()),
        "user_id": api.user_id,
        "sequence": 1,
    }
    made = [
        {**row, "event_id": f"{api.user_id}-{number}", "conversation_id": f"{number}"}
        for number in range(3 * WINDOW)
    ]
    events.append(partition=partition_of(api.user_id), events=made)
    gone = {"partition": partition_of(api.user_id), "event.user_id": api.user_id}
    positions = [each["position"] for each in logged(api.user_id)]
    collection("conversation_events").delete_many(
        {**gone, "position": {"$gte": positions[20], "$lt": positions[20] + 2 * WINDOW}}
    )
    deliver()
    sent = [int(event["conversation_id"]) for event in broker.of(api.user_id)]
    assert sent == [*range(20), *range(20 + 2 * WINDOW, 3 * WINDOW)]


def test_an_event_of_no_conversation_keeps_its_place(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver
) -> None:
    """`user.erased` comes after all that is before it."""
    broker.is_away = True
    changed(api, times=2)
    deliver()
    first = logged(api.user_id)[0]["event"]
    erased = {"event_id": f"erased-{api.user_id}", "event_type": "user.erased"}
    events.append(
        partition=partition_of(api.user_id),
        events=[{**first, **erased, "conversation_id": None, "sequence": None}],
    )
    broker.is_away = False
    deliver()
    types = [event["event_type"] for event in broker.of(api.user_id)]
    assert types == ["conversation.created", *["conversation.updated"] * 2, "user.erased"]


def test_a_broker_that_is_away_stops_nothing_but_publishing(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver
) -> None:
    """The log has the events at once; on its return the broker gets all of them, in order."""
    broker.is_away = True
    conversation_id = changed(api, times=3)
    before = checkpoint(api.user_id).published
    deliver()
    assert len(logged(api.user_id)) == 4
    assert checkpoint(api.user_id).published == before
    assert outbox_state(now=dependencies.get().clock()).pending >= 4
    broker.is_away = False
    deliver()
    assert sequences(broker, conversation_id) == [1, 2, 3, 4]


def test_a_process_leaves_an_absent_broker_alone(broker: BrokerDouble) -> None:
    """After a failure it is not asked again for a while, however often events are sent."""
    broker.is_away = True
    transport = broker.rested()
    for _ in range(50):
        with pytest.raises(BrokerUnavailable):
            transport.publish([])
    assert len(broker.calls) == 1
    assert transport.is_resting


def test_a_broker_is_asked_again_soon(
    broker: BrokerDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it was away, the rest between two attempts is bounded."""
    now = 0.0
    monkeypatch.setattr("conversations.events.resting.time.monotonic", lambda: now)
    broker.is_away = True
    transport = broker.rested()
    for _ in range(20):
        with pytest.raises(BrokerUnavailable):
            transport.publish([])
        now += LONGEST_REST
    assert len(broker.calls) == 20
    broker.is_away = False
    assert transport.publish([]) == []


def test_a_partition_that_is_held_is_left_to_its_holder(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver
) -> None:
    """Until the lease of a holder that died is over."""
    changed(api, times=0)
    collection("outbox").update_one(
        {"_id": partition_of(api.user_id)},
        {"$set": {"holder": "another", "leased_until": dependencies.utc_now().replace(year=2100)}},
    )
    deliver()
    assert not broker.of(api.user_id)
    assert len(logged(api.user_id)) == 1
    expire_lease(api.user_id)
    deliver()
    assert len(broker.of(api.user_id)) == 1


def test_a_worker_that_lost_its_lease_stops_before_the_next_wave(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has sent is sent once more by the next; what it has not, is not sent by it."""
    conversation_id = changed(api, times=2)
    monkeypatch.setattr("conversations.services.lease.SECONDS", 0.0)

    def lose() -> None:
        changes: dict[str, Any] = {"$set": {"holder": "another"}}
        collection("outbox").update_one({"_id": partition_of(api.user_id)}, changes)

    broker.before_answering = lose
    deliver()
    assert sequences(broker, conversation_id) == [1]
    broker.before_answering = lambda: None
    expire_lease(api.user_id)
    deliver()
    assert sequences(broker, conversation_id) == [1, 1, 2, 3]
    sent = broker.of(api.user_id)
    assert sent[0] == sent[1]


def test_the_checkpoint_never_goes_back(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver
) -> None:
    """A late worker says how far it was; others are further."""
    changed(api, times=3)
    deliver()
    before = checkpoint(api.user_id)
    outbox.raise_published(partition=before.partition, position=1)
    outbox.raise_appended(partition=before.partition, position=1)
    assert checkpoint(api.user_id) == before


def test_a_log_older_than_its_account_is_published_from_its_beginning(
    api: ApiClient, broker: BrokerDouble, deliver: Deliver
) -> None:
    """The first version kept a log without publishing."""
    conversation_id = changed(api, times=1)
    deliver()
    collection("outbox").delete_one({"_id": partition_of(api.user_id)})
    deliver()
    assert sequences(broker, conversation_id) == [1, 2, 1, 2]
