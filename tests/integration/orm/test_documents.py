"""Conversations that the repository stored, read through the ORM."""

from datetime import UTC, datetime

import pytest

from conversations.models import Conversation
from tests.client import ApiClient
from tests.factories import ConversationDocumentFactory

pytestmark = pytest.mark.usefixtures("database")


def test_it_reads_what_the_api_wrote(api: ApiClient) -> None:
    """Every member of the representation is there, datetimes aware and in UTC."""
    created = api.create(
        title="Qué tal", tags=["a", "b"], settings={"temperature": 0.5, "system_prompt": "Be kind."}
    )
    read = Conversation.objects.get(pk=created["id"])
    assert (read.user_id, read.title, read.status, read.tags) == (
        api.user_id,
        "Qué tal",
        "active",
        ["a", "b"],
    )
    assert read.character == created["character"]
    assert read.settings == {"temperature": 0.5, "system_prompt": "Be kind."}
    assert read.metadata["message_count"] == 0
    assert read.created_at == datetime.fromisoformat(created["created_at"])
    assert read.metadata["last_activity"] == read.created_at


def test_it_marks_datetimes_inside_documents_as_utc(user_id: str) -> None:
    """Also those that a plugin keeps in a list or a document of its own."""
    moment = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001  # as documents hold them
    stored = ConversationDocumentFactory.create(
        user_id=user_id, metadata={"plugin": {"seen": [moment]}, "note": None}
    )
    read = Conversation.objects.get(pk=stored["_id"])
    assert read.metadata == {"plugin": {"seen": [moment.replace(tzinfo=UTC)]}, "note": None}


def test_it_writes_documents_back_as_they_were(user_id: str) -> None:
    """Saving through the ORM changes no type: a datetime stays one."""
    stored = ConversationDocumentFactory.create(user_id=user_id)
    read = Conversation.objects.get(pk=stored["_id"])
    read.save()
    again = Conversation.objects.get(pk=stored["_id"])
    assert again.metadata == read.metadata
    assert isinstance(again.metadata["last_activity"], datetime)
