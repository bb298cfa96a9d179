"""A backup of the database that is restored, as docs/backup.md says."""

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.client import token_for
from tests.doubles.supervised import Supervised, eventually, supervised
from tests.e2e.walk import ROOT

SECONDS = 120.0


def test_a_restored_database_goes_on_and_readers_begin_anew(tmp_path: Path, user_id: str) -> None:
    """What was there at the backup is there; a place in the feed of later days is refused."""
    lived, restored = tmp_path / "lived", tmp_path / "restored"
    with supervised(data_dir=lived) as stack:
        stack.wait_for_ready()
        kept = call(stack, user_id, "POST", "/conversations", character_id="ada", title="Kept")
        purged = call(stack, user_id, "POST", "/conversations", character_id="ada", title="Purged")
        assert eventually(lambda: is_all_published(stack), SECONDS)
    # The database alone: broker and cache begin empty.
    shutil.copytree(lived, restored, ignore=shutil.ignore_patterns("run", "lock", "valkey"))
    with supervised(data_dir=lived) as stack:
        stack.wait_for_ready()
        call(stack, user_id, "PATCH", f"/conversations/{kept['id']}", title="Lost")
        call(stack, user_id, "DELETE", f"/conversations/{purged['id']}?permanent=true")
        later = call(stack, user_id, "GET", "/events")
        assert len(later["results"]) == 4

    with supervised(data_dir=restored, SECRET_KEY=uuid.uuid4().hex) as stack:
        stack.wait_for_ready()
        refused = call(stack, user_id, "GET", f"/events?after={later['next_cursor']}")
        assert [error["code"] for error in refused["errors"]] == ["invalid_cursor"]
        assert orphans_found(stack) == 0
        found = call(stack, user_id, "GET", "/conversations?ordering=title")
        assert [row["title"] for row in found["results"]] == ["Kept", "Purged"]
        call(stack, user_id, "PATCH", f"/conversations/{kept['id']}", title="Goes on")
        history = call(stack, user_id, "GET", f"/conversations/{kept['id']}/history")
        assert [event["sequence"] for event in history["results"]] == [2, 1]
        feed = call(stack, user_id, "GET", "/events")
        titles = [event["data"]["title"] for event in feed["results"]]
        assert titles == ["Kept", "Purged", "Goes on"]
        assert eventually(lambda: is_all_published(stack), SECONDS)


def test_after_the_loss_of_the_log_readers_are_told(tmp_path: Path, user_id: str) -> None:
    """By the update that docs/backup.md gives; what happens from then on is all there."""
    with supervised(data_dir=tmp_path) as stack:
        stack.wait_for_ready()
        created = call(stack, user_id, "POST", "/conversations", character_id="ada")
        place = call(stack, user_id, "GET", "/events")["next_cursor"]
        call(stack, user_id, "PATCH", f"/conversations/{created['id']}", title="Not read in time")
        assert eventually(lambda: is_all_published(stack), SECONDS)
        with MongoClient[dict[str, Any]](stack.servers()["MONGODB_URL"]) as client:
            database = client["conversation_service"]
            database["conversation_events"].delete_many({})
            assert database["outbox"].update_many({}, new_beginning()).matched_count > 0

        call(stack, user_id, "PATCH", f"/conversations/{created['id']}", title="Found")
        assert eventually(lambda: is_all_published(stack), SECONDS)
        refused = call(stack, user_id, "GET", f"/events?after={place}")
        assert refused["code"] == "feed_position_expired"
        feed = call(stack, user_id, "GET", "/events")
        assert [event["data"]["title"] for event in feed["results"]] == ["Found"]


def new_beginning() -> list[dict[str, Any]]:
    """Return the update of `outbox` that the page gives."""
    page = (ROOT / "docs" / "backup.md").read_text()
    update = re.search(r"updateMany\(\{\}, (\[.+\])\)", page)
    assert update is not None
    steps: list[dict[str, Any]] = json.loads(re.sub(r"(\$set|\w+):", r'"\1":', update[1]))
    return steps


def call(stack: Supervised, user_id: str, method: str, path: str, **body: str) -> dict[str, Any]:
    """Make a call of the API; returns the answer's body."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    _, _, content = stack.request(
        method,
        f"/api/v1{path}",
        body=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {token_for(user_id)}", "Content-Type": kind},
    )
    answer: dict[str, Any] = json.loads(content or b"{}")
    return answer


def is_all_published(stack: Supervised) -> bool:
    """Whether the broker has every event."""
    outbox = json.loads(stack.get("/health")[2])["dependencies"]["outbox"]
    return bool(outbox.get("pending") == 0)


def orphans_found(stack: Supervised) -> int:
    """Return what `manage.py cleanup orphans` counts."""
    ran = subprocess.run(
        [sys.executable, "manage.py", "cleanup", "orphans"],
        cwd=ROOT,
        env={**os.environ, **stack.servers()},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    numbers = re.findall(r"│ (\d+) +│ \d+ +│$", ran.stdout, re.MULTILINE)
    assert len(numbers) == 3, ran.stdout
    return sum(map(int, numbers))
