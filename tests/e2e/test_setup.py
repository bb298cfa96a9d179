"""A database that is not set up: nothing is served from it until it is."""

from typing import Any

import pymongo
import pytest
from pymongo.database import Database

from conversations.repository.index_state import options_of
from conversations.repository.indexes import INDEXES, Index
from tests.doubles.supervised import eventually
from tests.e2e.live import LiveService, live_service, own_database

CONVERSATIONS = "/api/v1/conversations"
PATIENCE = 30.0  # seconds; a report is kept for five
UNIQUE = [index for index in INDEXES if index.unique]


def test_it_waits_for_its_unique_indexes(
    servers: None, tmp_path_factory: pytest.TempPathFactory, user_id: str
) -> None:
    """Alive, not ready, and telling what it waits for; then it begins by itself."""
    folder = tmp_path_factory.mktemp("setup")
    with live_service(folder=folder) as service:
        assert service.get("/health/live").status_code == 200
        assert_waiting(service, user_id=user_id)

        with pymongo.MongoClient[dict[str, Any]](service.env["MONGODB_URL"]) as client:
            database = client[service.env["MONGODB_DATABASE"]]
            assert database.list_collection_names() == []
            create(database, *UNIQUE)
        assert eventually(lambda: service.get("/health/ready").status_code == 200, PATIENCE)
        token = service.token(user_id)
        created = service.request("POST", CONVERSATIONS, token=token, json={"character_id": "ada"})
        assert created.status_code == 201
        ordinary = [f"{it.collection}.{it.name} (missing)" for it in INDEXES if not it.unique]
        assert eventually(lambda: mongodb(service)["indexes"] == ordinary, PATIENCE)

        with own_database(service):
            assert eventually(lambda: mongodb(service)["status"] == "healthy", PATIENCE)
            assert "indexes" not in mongodb(service)
        [line] = [each for each in service.lines() if each["level"] == "error"]
        assert line["event"] == "not set up: run manage.py setup_indexes"
        assert "conversation_events.by_position (missing)" in line["unique_indexes"]


def assert_waiting(service: LiveService, *, user_id: str) -> None:
    token = service.token(user_id)
    for answer in (
        service.get("/health/ready"),
        service.get(CONVERSATIONS, token=token),
        service.request("POST", CONVERSATIONS, token=token, json={"character_id": "ada"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "not_set_up")
        assert answer.headers["Retry-After"]
        assert "manage.py setup_indexes" in answer.json()["detail"]
        assert "conversation_events.by_event" in answer.json()["detail"]
    assert service.get(CONVERSATIONS).status_code == 401
    report = mongodb(service)
    assert report["status"] == "degraded"
    assert "conversation_events.by_position (missing)" in report["indexes"]


def mongodb(service: LiveService) -> dict[str, Any]:
    """Return what /health says of the database."""
    report: dict[str, Any] = service.get("/health").json()["dependencies"]["mongodb"]
    return report


def create(database: Database[dict[str, Any]], *indexes: Index) -> None:
    for index in indexes:
        database[index.collection].create_index(
            list(index.keys), name=index.name, **options_of(index)
        )
