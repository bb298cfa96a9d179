"""What was acknowledged is there, whatever was killed in the middle of it."""

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psutil

from tests.client import token_for
from tests.doubles.supervised import Supervised, supervised

WRITERS = 4
BEFORE_THE_KILL = 1.5  # seconds of writes


@dataclass
class Writer(threading.Thread):
    """Creates conversations and edits them until it is told to stop or nobody answers."""

    stack: Supervised
    stop: threading.Event
    acknowledged: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Become a thread."""
        super().__init__()
        self.user_id = f"writer-{uuid.uuid4().hex[:8]}"

    def __hash__(self) -> int:
        """As a thread: by identity."""
        return id(self)

    def run(self) -> None:
        """Write, and remember what was acknowledged: id -> title."""
        while not self.stop.is_set():
            try:
                self._write()
            except (OSError, HTTPException):
                time.sleep(0.05)

    def _write(self) -> None:
        created = self._send("POST", "/api/v1/conversations", {"character_id": "ada"})
        if created is None:
            return
        conversation_id = str(created["id"])
        self.acknowledged[conversation_id] = str(created["title"])
        path = f"/api/v1/conversations/{conversation_id}"
        title = uuid.uuid4().hex
        if self._send("PATCH", path, {"title": title}) is not None:
            self.acknowledged[conversation_id] = title
        else:
            # Not acknowledged, and perhaps done all the same: either is right.
            self.acknowledged[conversation_id] += f"|{title}"

    def _send(self, method: str, path: str, body: dict[str, str]) -> dict[str, object] | None:
        try:
            status, _, content = self.stack.request(
                method, path, body=json.dumps(body).encode(), headers=headers(self.user_id)
            )
        except (OSError, HTTPException):
            return None
        answer: dict[str, object] = json.loads(content)
        return answer if status in (200, 201) else None


def headers(user_id: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_for(user_id)}", "Content-Type": "application/json"}


def parts(stack: Supervised, name: str) -> list[psutil.Process]:
    """Return the processes to kill: a web worker, the task worker or the database."""
    if name == "web":
        return stack.child("granian").children()
    words = {"worker": " worker", "database": str(stack.data_dir / "mongo")}
    return [stack.child(words[name])]


def test_it_keeps_every_acknowledged_write(tmp_path: Path) -> None:
    """Kill -9 of web, worker, database and all at once amid writes, then a new start each time."""
    kept: list[Writer] = []
    for name in ("web", "worker", "database", "supervisor"):
        with supervised(data_dir=tmp_path) as stack:
            stack.wait_for_ready()
            _assert_all_there(stack, kept)
            stop = threading.Event()
            writers = [Writer(stack, stop) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(BEFORE_THE_KILL)
            victims = (
                [psutil.Process(stack.process.pid), *stack.tree()]
                if name == "supervisor"
                else parts(stack, name)
            )
            for victim in victims:
                victim.kill()
            time.sleep(0.3)
            stop.set()
            for writer in writers:
                writer.join()
            assert all(writer.acknowledged for writer in writers), name
            kept += writers
    with supervised(data_dir=tmp_path) as stack:
        stack.wait_for_ready()
        _assert_all_there(stack, kept)


def _assert_all_there(stack: Supervised, writers: list[Writer]) -> None:
    for writer in writers:
        found: dict[str, str] = {}
        path = "/api/v1/conversations?limit=100&status=all"
        while path:
            _, _, content = stack.get(path, **headers(writer.user_id))
            page = json.loads(content)
            found |= {row["id"]: row["title"] for row in page["results"]}
            cursor = page["next_cursor"]
            path = f"/api/v1/conversations?limit=100&status=all&cursor={cursor}" if cursor else ""
        for conversation_id, title in writer.acknowledged.items():
            assert found.get(conversation_id) in title.split("|"), (conversation_id, title)
