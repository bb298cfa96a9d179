"""The floor: the service's own finds, PyMongo and orjson in a bare WSGI function, no tokens.

Nothing in Python that answers these requests from this database can cost less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import orjson
from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection

from bench.peers import environment
from conversations.repository.conversations import WITHOUT_INTERNALS
from conversations.repository.listing import LIGHT

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
NEWEST_FIRST = [("metadata.last_activity", -1), ("_id", -1)]
HEADERS = [("Content-Type", "application/json")]
BASE = "/api/v1/conversations"


@cache
def _conversations() -> Collection[dict[str, Any]]:
    client: MongoClient[dict[str, Any]] = MongoClient(environment.MONGODB_URL)
    return client[environment.DATABASE]["conversations"]


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `GET /api/v1/conversations` and `GET /api/v1/conversations/{id}` for X-User."""
    user, path = environ["HTTP_X_USER"], environ["PATH_INFO"]
    content = _list(user) if path == BASE else _get(path.rpartition("/")[2], user)
    start_response("200 OK", HEADERS)
    return [orjson.dumps(content, default=str)]


def _list(user: str) -> dict[str, Any]:
    wanted = environment.PAGE + 1
    rows = list(
        _conversations().find(
            {"user_id": user, "status": "active"},
            LIGHT,
            sort=NEWEST_FIRST,
            limit=wanted,
            batch_size=wanted,
        )
    )
    return {"results": rows[: environment.PAGE]}


def _get(conversation_id: str, user: str) -> dict[str, Any] | None:
    wanted = {"_id": ObjectId(conversation_id), "user_id": user}
    return _conversations().find_one(wanted, WITHOUT_INTERNALS)
