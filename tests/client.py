"""A small client of the API for tests: one method per call, answers with their JSON."""

import json
import time
from dataclasses import dataclass
from typing import Any

import jwt
from django.conf import settings
from django.test import Client

MERGE_PATCH = "application/merge-patch+json"
JSON = "application/json"


def token_for(user_id: str, *, scope: str = "", ttl: float = 3600, **claims: Any) -> str:
    """Return a token such as the Auth Service issues."""
    now = int(time.time())
    payload = {"user_id": user_id, "iat": now, "exp": int(now + ttl), "scope": scope, **claims}
    return jwt.encode(payload, settings.CONFIG.jwt_secret_key, algorithm="HS256")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The problem's code."""
        code: str = self.json["code"]
        return code

    @property
    def faults(self) -> dict[str, str]:
        """The problem's errors: where -> code."""
        return {
            fault.get("pointer") or fault.get("parameter") or fault["header"]: fault["code"]
            for fault in self.json["errors"]
        }


class ApiClient:
    """Calls the API as one user."""

    def __init__(self, *, token: str | None, user_id: str = "") -> None:
        self.user_id = user_id
        self._client = Client(raise_request_exception=False)
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}

    @classmethod
    def for_user(cls, user_id: str, *, scope: str = "") -> "ApiClient":
        """Return a client that speaks for a user."""
        return cls(token=token_for(user_id, scope=scope), user_id=user_id)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = JSON,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send a request to a path below /api/v1; bytes go as they are, all else as JSON."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        response = self._client.generic(
            method,
            f"/api/v1{path}",
            data,
            content_type=content_type,
            headers={**self._authorization, **(headers or {})},
        )
        return Answer(response.status_code, dict(response.headers), response.getvalue())

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """POST."""
        return self.send("POST", path, body, headers=headers)

    def patch(self, conversation_id: str, body: Any, **headers: str) -> Answer:
        """PATCH a conversation."""
        path = f"/conversations/{conversation_id}"
        return self.send("PATCH", path, body, content_type=MERGE_PATCH, headers=headers)

    def delete(self, conversation_id: str, query: str = "", **headers: str) -> Answer:
        """DELETE a conversation."""
        return self.send("DELETE", f"/conversations/{conversation_id}{query}", headers=headers)

    def read(self, conversation_id: str) -> dict[str, Any]:
        """Return a conversation that must be there."""
        answer = self.get(f"/conversations/{conversation_id}")
        assert answer.status == 200, answer.content
        conversation: dict[str, Any] = answer.json
        return conversation

    def create(self, character_id: str = "ada", **members: Any) -> dict[str, Any]:
        """Create a conversation and return it."""
        answer = self.post("/conversations", {"character_id": character_id, **members})
        assert answer.status == 201, answer.content
        conversation: dict[str, Any] = answer.json
        return conversation

    def titles(self, query: str = "") -> list[str]:
        """Return the titles of a list's first page."""
        answer = self.get(f"/conversations{query}")
        assert answer.status == 200, answer.content
        return [row["title"] for row in answer.json["results"]]
