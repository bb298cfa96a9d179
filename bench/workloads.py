"""The four workloads, as requests that every server answers alike."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import jwt

from bench.seeding import Population, conversations

Request = dict[str, Any]
BASE = "/api/v1/conversations"
PAGE = 20
READERS = Population(prefix="reader", users=10, conversations=50)
EDITORS = Population(prefix="editor", users=10, conversations=20)
AUTHORS = Population(prefix="author", users=10, conversations=0)
# Few rows, and editors first: the embedded servers scan for findOneAndUpdate, oldest row first.
POPULATIONS = [EDITORS, READERS, AUTHORS]
TOKEN_SECONDS = 3600


class Workloads:
    """Makes requests; `secret` signs the tokens. The same `seed` gives the same requests."""

    def __init__(self, *, secret: str) -> None:
        expires_at = int(time.time()) + TOKEN_SECONDS
        self._headers = {
            user: {
                "Authorization": f"Bearer {_token(user, expires_at=expires_at, secret=secret)}",
                "Content-Type": "application/json",
                "X-User": user,  # the floor reads no tokens
            }
            for population in POPULATIONS
            for user in population.names
        }
        self._ids = {
            population.prefix: [
                (document["user_id"], str(document["_id"]))
                for document in conversations(population)
            ]
            for population in (READERS, EDITORS)
        }
        self.makers: dict[str, Callable[[random.Random, int], Request]] = {
            "list": self._list,
            "get": self._get,
            "create": self._create,
            "patch": self._patch,
        }

    def requests(self, *, workload: str, count: int, seed: int) -> list[Request]:
        """Return `count` requests."""
        chance = random.Random(f"{workload}/{seed}")  # noqa: S311  # the same for every server
        make = self.makers[workload]
        return [make(chance, number) for number in range(count)]

    def _list(self, _chance: random.Random, number: int) -> Request:
        user = READERS.names[number % READERS.users]
        return self._request("GET", BASE, user, rows=PAGE, user_id=user)

    def _get(self, chance: random.Random, _number: int) -> Request:
        user, wanted = chance.choice(self._ids[READERS.prefix])
        fields = {"id": wanted, "user_id": user}
        return self._request("GET", f"{BASE}/{wanted}", user, fields=fields)

    def _create(self, _chance: random.Random, number: int) -> Request:
        user = AUTHORS.names[number % AUTHORS.users]
        body = {
            "character_id": "ada",
            "title": f"On analytical engines, part {number}",
            "tags": ["work", "ideas"],
            "settings": {"temperature": 0.7, "system_prompt": "Speak as Ada. " * 20},
        }
        fields = {"title": body["title"], "user_id": user, "tags": body["tags"]}
        return self._request("POST", BASE, user, body=body, status=201, fields=fields)

    def _patch(self, chance: random.Random, number: int) -> Request:
        user, wanted = chance.choice(self._ids[EDITORS.prefix])
        body = {"title": f"Renamed, {number} and {chance.randrange(10**9)}"}
        fields = {"id": wanted, **body}
        return self._request("PATCH", f"{BASE}/{wanted}", user, body=body, fields=fields)

    def _request(
        self,
        method: str,
        path: str,
        user: str,
        *,
        body: dict[str, Any] | None = None,
        status: int = 200,
        **expected: Any,
    ) -> Request:
        return {
            "method": method,
            "path": path,
            "headers": self._headers[user],
            "body": body,
            "expected": {"status": status, **expected},
        }


def _token(user: str, *, expires_at: int, secret: str) -> str:
    return jwt.encode({"user_id": user, "exp": expires_at}, secret, algorithm="HS256")
