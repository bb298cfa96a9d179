"""What the Message Service would tell, for tests."""

from datetime import datetime, timedelta
from typing import Any

from conversations.dependencies import utc_now
from conversations.representation import timestamp
from tests.client import Answer, ApiClient


def ahead(minutes: float) -> str:
    """Return a moment so far from now, as the API takes it: past every creation, if positive."""
    return timestamp(utc_now() + timedelta(minutes=minutes))


def told(message_id: str, *, at: str | datetime | None = None, **members: Any) -> dict[str, Any]:
    """Return the body of an activity: a message created in a minute from now, unless told else."""
    moment = timestamp(at) if isinstance(at, datetime) else at or ahead(1)
    body = {"message_id": message_id, "occurred_at": moment, "type": "message.created"}
    return {**body, **members}


def deleted(message_id: str, **members: Any) -> dict[str, Any]:
    """Return the body of a deletion."""
    return told(message_id, type="message.deleted", **members)


def record(client: ApiClient, conversation: dict[str, Any], body: dict[str, Any]) -> Answer:
    """Record an activity of a conversation."""
    return client.post(f"/conversations/{conversation['id']}/activity", body)


def record_all(
    client: ApiClient, conversation: dict[str, Any], bodies: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Record activities of one conversation in one batch; return the results."""
    items = [{"conversation_id": conversation["id"], **body} for body in bodies]
    answer = client.post("/activity", {"items": items})
    assert answer.status == 200, answer.content
    results: list[dict[str, Any]] = answer.json["results"]
    return results
