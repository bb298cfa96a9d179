"""Conversations as the repository stores them, built by the code that builds the real ones."""

# factory_boy's declarations carry no types.
# mypy: disable-error-code="no-untyped-call"

import inspect
from datetime import timedelta
from typing import Any

from factory.base import Factory
from factory.declarations import LazyAttribute, LazyFunction, Sequence, Trait

from conversations.dependencies import utc_now
from conversations.document import derived_fields, new_document
from conversations.repository import conversations
from conversations.repository.database import Document
from conversations.states import Status

_GIVEN_TO_BUILDER = frozenset(inspect.signature(new_document).parameters)


class ConversationDocumentFactory(Factory[Document]):
    """`.build()` returns a document, `.create()` stores it too; no event is pending.

    Fields that a new conversation cannot have (status, metadata, version …) may be given as well:
    they replace those of the new one. The traits `archived` and `trashed` set what belongs to them.
    """

    class Meta:  # noqa: D106  # factory_boy's form
        model = new_document

    class Params:  # noqa: D106  # factory_boy's form
        archived = Trait(
            status=Status.ARCHIVED.value,
            archived_at=LazyAttribute(lambda it: it.now + timedelta(minutes=1)),
        )
        trashed = Trait(
            status=Status.DELETED.value,
            deleted_at=LazyAttribute(lambda it: it.now + timedelta(minutes=2)),
        )

    user_id = Sequence(lambda number: f"user-{number}")
    character_id = "ada"
    character = LazyFunction(lambda: {"name": "Ada Lovelace", "avatar_url": None})
    title = Sequence(lambda number: f"Conversation {number}")
    title_source = "user"
    tags = LazyFunction(list)
    settings = LazyFunction(dict)
    pinned = False
    expires_at = None
    now = LazyFunction(utc_now)

    @classmethod
    def _build(cls, model_class: Any, *args: Any, **fields: Any) -> Document:  # noqa: ARG003
        given = {name: value for name, value in fields.items() if name in _GIVEN_TO_BUILDER}
        document = model_class(**given)
        document.update({name: fields[name] for name in fields.keys() - given.keys()})
        return {**document, **derived_fields(document), "pending_events": []}

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **fields: Any) -> Document:
        document = cls._build(model_class, *args, **fields)
        conversations.insert(document)
        return document
