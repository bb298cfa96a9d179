"""Activities in any order, any number of times, by many at once: the sum is the same."""

import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.dependencies import utc_now
from conversations.repository.database import Document, collection
from conversations.representation import timestamp
from tests.activities import record, record_all, told
from tests.client import Answer, ApiClient
from tests.factories import ConversationDocumentFactory
from tests.integration.api.test_concurrency import together

TYPES = {"message.created": 1, "message.deleted": -1}
# The whole of it, ACTIVITY_UPDATES=10000, takes an embedded database minutes.
UPDATES = int(os.environ.get("ACTIVITY_UPDATES", "1000"))
CONVERSATIONS = 50
THREADS = 16
PORTION, SINGLY = 50, 5  # of so many updates in turn, how many are told one by one

activities = st.tuples(
    st.integers(0, 5), st.sampled_from(list(TYPES)), st.integers(-5, 5).map(lambda n: n * 60)
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), distinct=st.lists(activities, max_size=8, unique_by=lambda each: each[:2]))
def test_the_order_and_the_repeats_do_not_count(
    api: ApiClient, messages: ApiClient, data: Any, distinct: list[tuple[int, str, int]]
) -> None:
    """Any activities, each once or twice, shuffled, some alone and the rest in a batch."""
    row = ConversationDocumentFactory.create(user_id=api.user_id)
    repeats = data.draw(st.lists(st.sampled_from(distinct), max_size=6)) if distinct else []
    bodies = [
        told(f"m{number}", at=row["created_at"] + timedelta(minutes=minutes), type=kind)
        for number, kind, minutes in data.draw(st.permutations(distinct + repeats))
    ]
    alone = data.draw(st.integers(0, len(bodies)))
    conversation = {"id": str(row["_id"])}
    for body in bodies[:alone]:
        assert record(messages, conversation, body).status == 200
    if bodies[alone:]:
        record_all(messages, conversation, bodies[alone:])
    newest = max((minutes for _, kind, minutes in distinct if TYPES[kind] > 0), default=0)
    assert api.read(conversation["id"])["metadata"] == {
        "message_count": max(0, sum(TYPES[kind] for _, kind, _ in distinct)),
        "last_activity": timestamp(row["created_at"] + timedelta(minutes=max(0, newest))),
    }


def test_it_counts_exactly_what_many_tell_twice_in_any_order(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Sixteen threads, each update sent twice, every tenth by itself and the rest in batches."""
    chance = random.Random(6)
    rows = ConversationDocumentFactory.build_batch(CONVERSATIONS, user_id=api.user_id)
    collection("conversations").insert_many([dict(row) for row in rows])
    updates = list(_updates(rows, chance))
    sent = updates * 2
    chance.shuffle(sent)
    clients = [client_of(f"service-{n}", scope="conversations:activity") for n in range(THREADS)]
    together(THREADS, lambda number: _tell(clients[number], sent[number::THREADS]))
    counted = {
        str(row["_id"]): (
            row["activity_rev"],
            row["metadata"]["message_count"],
            timestamp(row["metadata"]["last_activity"]),
        )
        for row in collection("conversations").find({"user_id": api.user_id})
    }
    assert counted == {str(row["_id"]): _expected(row, updates) for row in rows}


def _updates(rows: list[Document], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Yield distinct updates, as many for each conversation: fewer than one remembers."""
    now = utc_now()
    for number in range(UPDATES):
        moment: datetime = now + timedelta(milliseconds=chance.randrange(-3_600_000, 3_600_000))
        kind = chance.choices(list(TYPES), weights=[3, 1])[0]
        body = told(f"m{number}", at=moment, type=kind)
        yield {"conversation_id": str(rows[number % CONVERSATIONS]["_id"]), **body}


def _tell(client: ApiClient, updates: list[dict[str, Any]]) -> None:
    for start in range(0, len(updates), PORTION):
        portion = updates[start : start + PORTION]
        alone, batch = portion[:SINGLY], portion[SINGLY:]
        for update in alone:
            body = {name: value for name, value in update.items() if name != "conversation_id"}
            _insist(client, f"/conversations/{update['conversation_id']}/activity", body)
        answer = _insist(client, "/activity", {"items": batch})
        assert {result["status"] for result in answer.json["results"]} == {"ok"}


def _insist(client: ApiClient, path: str, body: dict[str, Any]) -> Answer:
    """Send as a sender does: after a 503, which leaves in doubt what was counted, once more."""
    for _ in range(5):
        answer = client.post(path, body)
        if answer.status != 503:
            break
    assert answer.status == 200, answer.content
    return answer


def _expected(row: Document, updates: list[dict[str, Any]]) -> tuple[int, int, str]:
    """Return how many updates tell of a conversation, their sum, and the last activity."""
    mine = [update for update in updates if update["conversation_id"] == str(row["_id"])]
    created = [update["occurred_at"] for update in mine if TYPES[update["type"]] > 0]
    latest = max([timestamp(row["created_at"]), *created])  # texts of one length
    return len(mine), sum(TYPES[update["type"]] for update in mine), latest
