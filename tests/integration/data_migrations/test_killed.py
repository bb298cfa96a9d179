"""The command as a process, killed in the middle."""

import os
import subprocess
import sys
import time
from datetime import timedelta

from django.db import connections

from conversations.dependencies import utc_now
from conversations.repository.database import Document, collection
from tests.client import ApiClient
from tests.integration.data_migrations.former import (
    CREATED,
    id_of,
    import_documents,
    migrate,
    old_document,
    progress,
)

PATIENCE = 60.0  # seconds
NUMBER = 60


def old_documents(user_id: str) -> list[Document]:
    """Return documents that a run comes to before those of other tests."""
    return [old_document(user_id, _id=id_of(CREATED)) for _ in range(NUMBER)]


def start() -> "subprocess.Popen[str]":
    """Start a run that would take a while, on the database that this process uses."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate_data", "--batch-size", "5", "--pace", "20"],
        env={**os.environ, "MONGODB_DATABASE": str(connections["default"].settings_dict["NAME"])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_progress(process: "subprocess.Popen[str]", user_id: str) -> None:
    """Wait until the run has migrated some of a user's documents, and saved that."""
    ends = time.monotonic() + PATIENCE
    while not (migrated(user_id) and progress()["changed"]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < ends
        time.sleep(0.05)


def migrated(user_id: str) -> int:
    """Return how many documents of a user are today's."""
    return collection("conversations").count_documents({"user_id": user_id, "version": 1})


def test_it_goes_on_where_a_killed_run_was(api: ApiClient) -> None:
    """As soon as that one has been silent for long enough; no document is missed."""
    import_documents(*old_documents(api.user_id))
    with start() as process:
        wait_for_progress(process, api.user_id)
        process.kill()
    before = progress()
    assert before["state"] == "running"
    assert 0 < migrated(api.user_id) < NUMBER
    code, output = migrate()
    assert code == 4
    assert f"process {process.pid}" in output
    silent = utc_now() - timedelta(minutes=1)
    collection("data_migrations").update_one({"_id": "lock"}, {"$set": {"heartbeat_at": silent}})
    assert "interrupted" in migrate(status=True)[1]
    assert migrate()[0] == 0
    after = progress()
    assert after["started_at"] == before["started_at"]
    # A batch that was written and not saved is gone over twice, and nothing else.
    assert NUMBER - 5 <= after["changed"] <= NUMBER
    assert migrated(api.user_id) == NUMBER
    assert collection("conversations").count_documents({"partition": None}) == 0
