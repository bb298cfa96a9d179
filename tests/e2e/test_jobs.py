"""Jobs in real workers, which are killed and lose their messages."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pymongo
import pytest

from conversations.dependencies import utc_now
from tests.doubles.supervised import eventually
from tests.doubles.valkey import Valkey
from tests.e2e.live import LiveService, live_service, own_database
from tests.e2e.workers import celery_worker, kill_all
from tests.factories import ConversationDocumentFactory

SECONDS = 180.0
NUMBER = 160


def worker(service: LiveService, *, folder: Path) -> AbstractContextManager[None]:
    """Run a worker that is its own beat, and kill -9 all of it at the end."""
    return celery_worker(
        *("-B", "--without-mingle", "--without-gossip", "--concurrency", "1"),
        *("--schedule", str(folder / "beat")),
        env=service.env,
        log=folder / "worker.log",
        ending=kill_all,
    )


def test_an_erasure_survives_its_worker_and_its_message(
    servers: None, tmp_path: Path, user_id: str, request: pytest.FixtureRequest
) -> None:
    """Kill -9 of the worker amid the work, and an empty broker: the next worker finds the job."""
    broker = Valkey(folder=tmp_path)
    broker.start()
    request.addfinalizer(broker.kill)
    client: pymongo.MongoClient[dict[str, Any]]
    with live_service(folder=tmp_path, CELERY_BROKER_URL=broker.url) as service:
        client = pymongo.MongoClient(service.env["MONGODB_URL"])
        with own_database(service), client:
            database = client[service.env["MONGODB_DATABASE"]]
            rows = [ConversationDocumentFactory.build(user_id=user_id) for _ in range(NUMBER)]
            database.conversations.insert_many(rows)
            admin = service.token("an-admin", scope="conversations:admin")
            answer = service.request("DELETE", f"/api/v1/users/{user_id}/data", token=admin)
            url = f"/api/v1/jobs/{answer.json()['id']}"

            def job() -> dict[str, Any]:
                found: dict[str, Any] = service.get(url, token=admin).json()
                return found

            with worker(service, folder=tmp_path):
                assert eventually(lambda: job()["progress"]["done"] > 0, SECONDS), job()
            left = job()
            assert left["state"] == "running"
            broker.kill()
            broker.start()
            # What half a minute does.
            database.jobs.update_one({}, {"$set": {"leased_until": utc_now()}})
            with worker(service, folder=tmp_path):
                assert eventually(lambda: job()["state"] == "succeeded", SECONDS), job()
            ended = job()
            assert ended["progress"] == {"done": NUMBER, "total": NUMBER}
            assert left["progress"]["done"] <= NUMBER
            assert ended["result"]["erased"]["conversations"] == NUMBER
            assert database.conversations.count_documents({}) == 0
            purged = {"event.event_type": "conversation.purged"}
            assert database.conversation_events.count_documents(purged) == NUMBER
            announced = {"event.event_type": "user.erased"}
            assert database.conversation_events.count_documents(announced) == 1
