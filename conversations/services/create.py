"""Creating a conversation."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from conversations import dependencies
from conversations.caller import Caller
from conversations.document import new_document
from conversations.errors import CharacterUnknown
from conversations.events.envelope import CREATED, envelope
from conversations.metrics import CONVERSATIONS_CREATED
from conversations.repository import conversations
from conversations.repository.database import Document
from conversations.rules import fitting_title
from conversations.services.aftermath import after_write
from conversations.services.read import get_conversation
from conversations.services.update import check_expiry, merged_settings
from integrations.characters import CharacterAnswer
from integrations.errors import CharacterNotFound


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a caller says of a new conversation. Without a title it gets the character's name."""

    character_id: str
    title: str | None = None
    tags: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    pinned: bool = False
    expires_at: datetime | None = None

    @classmethod
    def of(cls, body: dict[str, Any]) -> Self:
        """Return the draft of a validated body; null is the same as not given."""
        names = ("character_id", "title", "tags", "settings", "pinned", "expires_at")
        return cls(**{name: body[name] for name in names if body.get(name) is not None})


@dataclass(frozen=True, kw_only=True, slots=True)
class Created:
    """A new conversation. `stale_character`: its snapshot is from before an upstream outage."""

    document: Document
    stale_character: bool


def create_conversation(
    *, draft: Draft, caller: Caller, now: datetime, conversation_id: ObjectId | None = None
) -> Created:
    """Store a new conversation of the owner, with its event, in one insert.

    With a `conversation_id` that is there already, it is returned as it is: another attempt of the
    same request has created it.

    Raises InvalidInput if it would be born expired, CharacterUnknown, and integrations'
    UpstreamUnavailable when the Characters Service cannot say.
    """
    check_expiry(draft.expires_at, now=now)
    answer = _character(draft.character_id, caller)
    character = answer.character
    document = new_document(
        user_id=caller.owner,
        character_id=draft.character_id,
        character={"name": character.name, "avatar_url": character.avatar_url},
        title=draft.title or fitting_title(character.name, otherwise=draft.character_id),
        title_source="user" if draft.title else "character",
        tags=draft.tags,
        settings=merged_settings({}, draft.settings),
        pinned=draft.pinned,
        expires_at=draft.expires_at,
        now=now,
        conversation_id=conversation_id,
    )
    plugins = dependencies.get().plugins
    document["metadata"].update(plugins.before_create(document, caller=caller))
    event = envelope(event_type=CREATED, after=document, caller=caller, now=now, changed=())
    try:
        conversations.insert({**document, "pending_events": [event], "pending_since": now})
    except DuplicateKeyError:
        document = get_conversation(conversation_id=document["_id"], caller=caller, now=now)
    else:
        CONVERSATIONS_CREATED.inc()
        after_write(document, event)
    return Created(document=document, stale_character=answer.stale)


def _character(character_id: str, caller: Caller) -> CharacterAnswer:
    try:
        return dependencies.get().characters.get(
            character_id=character_id, deadline=caller.deadline
        )
    except CharacterNotFound:
        raise CharacterUnknown from None
