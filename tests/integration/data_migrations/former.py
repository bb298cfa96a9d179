"""Documents as the former service stored them, and the command that makes them today's."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from bson import ObjectId
from django.core.management import CommandError, call_command

from conversations.repository.database import Document, collection

CREATED = datetime(2024, 3, 1, 9, 30, 15, 250_000)  # noqa: DTZ001  # UTC, as in documents


def old_document(owner: str, *, without: tuple[str, ...] = (), **fields: Any) -> Document:
    """Return a whole document of the former layout, but for `fields` and what it is `without`."""
    document = {
        "_id": ObjectId(),
        "user_id": owner,
        "character_id": "ada",
        "title": "On engines",
        "status": "active",
        "tags": ["letters"],
        "settings": {"model": "small", "temperature": 0.7, "language": "en"},
        "metadata": {"last_activity": CREATED + timedelta(days=2), "message_count": 12},
        "created_at": CREATED,
        "updated_at": CREATED + timedelta(days=1),
        **fields,
    }
    return {name: value for name, value in document.items() if name not in without}


def id_of(moment: datetime) -> ObjectId:
    """Return an id that was made at a moment."""
    return ObjectId(ObjectId.from_datetime(moment).binary[:4] + os.urandom(8))


def import_documents(*documents: Document) -> list[str]:
    """Store documents as `mongorestore` does; returns their ids."""
    collection("conversations").insert_many(documents)
    return [str(document["_id"]) for document in documents]


def forget_migrations() -> None:
    """Begin as if no migration had ever been carried out, and nothing were imported."""
    collection("data_migrations").delete_many({})
    collection("conversations").delete_many({"partition": None})


def migrate(**options: Any) -> tuple[int, str]:
    """Run the command; returns its exit code, and all that it printed."""
    output = StringIO()
    try:
        call_command("migrate_data", stdout=output, **options)
    except CommandError as error:
        return error.returncode, f"{output.getvalue()}{error}"
    return 0, output.getvalue()


def progress() -> Mapping[str, Any]:
    """Return how far the migration is, as it is stored."""
    state = collection("data_migrations").find_one({"_id": "0001_former_layout"})
    assert state is not None
    return state


def raw(conversation_id: str) -> Document:
    """Return a document as it is stored."""
    document = collection("conversations").find_one({"_id": ObjectId(conversation_id)})
    assert document is not None
    return document
