"""Events as the service makes them, of conversations that are not stored."""

from typing import Any

from conversations.caller import system_caller
from conversations.dependencies import utc_now
from conversations.events.envelope import envelope
from tests.factories import ConversationDocumentFactory

Event = dict[str, Any]


def an_event(*, event_type: str = "conversation.updated", **fields: Any) -> Event:
    """Return an event of a conversation of its own; `fields` are the conversation's."""
    document = ConversationDocumentFactory.build(**fields)
    caller = system_caller(actor="system:test", owner=document["user_id"], seconds=10)
    return envelope(
        event_type=event_type, after=document, caller=caller, now=utc_now(), changed=["title"]
    )


def some_events(count: int) -> list[Event]:
    """Return events of different conversations."""
    return [an_event() for _ in range(count)]
