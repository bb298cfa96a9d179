"""What is in the database, for tests that must look behind the API."""

from typing import Any

from conversations.repository.database import collection


def stored(user_id: str) -> dict[str, Any]:
    """Return the only document of a user."""
    [document] = collection("conversations").find({"user_id": user_id})
    return document
