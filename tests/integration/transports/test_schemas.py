"""Real events, through a real broker, held against the schemas that are published of them."""

from conversations.document import partition_of
from conversations.events.envelope import CREATED
from conversations.events.transports.base import Transport
from conversations.repository.database import collection
from conversations.states import EVENT_TYPES
from tests.client import ApiClient
from tests.event_samples import Event
from tests.event_schemas import faults
from tests.integration.transports.conftest import Broker
from tests.integration.transports.reading import received

SETTINGS = {"model": "m1", "temperature": 0.7, "language": "cs", "system_prompt": "Be kind."}


def events_of(user_id: str) -> list[Event]:
    """Return the events of a user with one conversation: those in the log, then those that wait."""
    rows = collection("conversation_events").find({"partition": partition_of(user_id)})
    logged = [row["event"] for row in sorted(rows, key=lambda row: row["position"])]
    documents = collection("conversations").find({"user_id": user_id})
    waiting = [event for document in documents for event in document["pending_events"]]
    return [event for event in (*logged, *waiting) if event["user_id"] == user_id]


def live(api: ApiClient) -> str:
    """Do to a conversation all that can be done to one, short of purging it."""
    created = api.create(title="Windmills", tags=["a", "b"], settings=SETTINGS, pinned=True)
    path = f"/conversations/{created['id']}"
    for body in (
        {"title": None, "tags": None, "pinned": False},
        {"settings": None, "expires_at": "2999-01-01T00:00:00Z"},
    ):
        assert api.patch(created["id"], body).status == 200
    for action in ("archive", "unarchive", "archive"):
        assert api.post(f"{path}/{action}").status == 200
    assert api.delete(created["id"]).status == 204
    assert api.post(f"{path}/restore").status == 200
    return str(created["id"])


def test_every_event_is_as_its_schema_says(
    api: ApiClient, broker: Broker, transport: Transport
) -> None:
    """Of each type that an action leads to, with content and once it has been purged."""
    conversation_id = live(api)
    lived = events_of(api.user_id)
    assert api.delete(conversation_id, "?permanent=true").status == 204
    purged = events_of(api.user_id)
    for event in (*lived, *purged):
        assert transport.publish([event]) == [None]
    read = received(broker.url)
    assert read == [*lived, *purged]
    assert {event["event_type"] for event in read} == {CREATED, *EVENT_TYPES.values()}
    assert [fault for event in read for fault in faults(event)] == []
    assert [event["data"] for event in read if event in purged] == [None] * len(purged)
