"""Kill -9 at each step of harvesting and publishing, amid writes: nothing lost, nothing doubled."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from redis import Redis

from conversations.document import PARTITIONS, partition_of
from conversations.repository import outbox
from conversations.repository.database import collection
from conversations.repository.indexes import WAITING
from tests.client import ApiClient
from tests.doubles.delivering import FAULTS
from tests.doubles.supervised import eventually
from tests.doubles.valkey import Valkey
from tests.integration.api.test_concurrency import together

WRITERS, WORKERS = 8, 3
PURGED, LONG = 10, (32, 32, 31)  # conversations of a writer: of three events each; their events
EVENTS = WRITERS * (3 * PURGED + sum(LONG))
SECONDS = 120.0


@pytest.fixture
def valkey(database: None, tmp_path: Path) -> Iterator[Valkey]:
    """Return a broker of its own."""
    server = Valkey(folder=tmp_path)
    server.start()
    yield server
    server.kill()


@contextmanager
def workers(*partitions: int, broker: str, log: Path) -> Iterator[Callable[[], list[str]]]:
    """Run workers that die, on this process's database; gives their deaths so far."""
    env = {
        **os.environ,
        "MONGODB_DATABASE": connections["default"].settings_dict["NAME"],
        "EVENTS_BROKER_URL": broker,
    }
    command = [sys.executable, "-m", "tests.doubles.delivering", "--workers", str(WORKERS)]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, *map(str, partitions)], env=env, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield lambda: [line for line in log.read_text().splitlines() if line[0] != "{"]
        finally:
            process.terminate()
            process.wait(timeout=60)


def cleared(partition: int) -> int:
    """Leave nothing of others to deliver: it may be no whole event. Returns the last position."""
    collection("conversations").delete_many({"partition": partition, **WAITING})
    last = outbox.find(partition).appended
    outbox.raise_published(partition=partition, position=last)
    return last


def users_of(*partitions: int) -> list[str]:
    """Return writers, spread over few partitions, so that workers meet."""
    found: dict[int, list[str]] = {partition: [] for partition in partitions}
    while any(len(each) < WRITERS // len(partitions) for each in found.values()):
        user_id = f"writer-{uuid.uuid4().hex[:12]}"
        mine = found.get(partition_of(user_id), [])
        if len(mine) < WRITERS // len(partitions):
            mine.append(user_id)
    return [user_id for each in found.values() for user_id in each]


def write(api: ApiClient) -> None:
    """Write as one writer does."""
    long = [api.create()["id"] for _ in LONG]
    for number in range(max(LONG) - 1):
        for conversation_id, events in zip(long, LONG, strict=True):
            if number < events - 1:
                answer = api.patch(conversation_id, {"title": f"{number}"})
                assert answer.status == 200, answer.content
        if number % 3 == 0 and number // 3 < PURGED:
            write_and_purge(api)


def write_and_purge(api: ApiClient) -> None:
    """Leave the three events of a conversation that is purged."""
    conversation_id = api.create()["id"]
    assert api.patch(conversation_id, {"title": "Secret"}).status == 200
    assert api.delete(conversation_id, "?permanent=true").status == 204


def write_until_all_died(deaths: Callable[[], list[str]], api: ApiClient, log: Path) -> int:
    """Go on writing until each fault had its turn; returns how many events."""
    written = 0
    ends = time.monotonic() + SECONDS
    while len(deaths()) < len(FAULTS):
        assert time.monotonic() < ends, log.read_text()[-20_000:]
        write_and_purge(api)
        written += 3
        time.sleep(0.1)
    return written


def published(broker: str, users: list[str]) -> list[dict[str, Any]]:
    """Return what the broker has of some users, in its order."""
    with Redis.from_url(broker, decode_responses=True) as redis:
        entries: Any = redis.xrange("conversations")
    events = [json.loads(fields["event"]) for _, fields in entries]
    return [event for event in events if event["user_id"] in users]


def test_whatever_dies_each_event_arrives_in_order(
    client_of: Callable[..., ApiClient], valkey: Valkey, tmp_path: Path
) -> None:
    """1,000 events of 8 writers, three workers, each step before and after it once."""
    partitions = (2, PARTITIONS - 3)
    users = users_of(*partitions)
    start = {partition: cleared(partition) for partition in partitions}
    log = tmp_path / "workers.log"
    with workers(*partitions, broker=valkey.url, log=log) as deaths:
        clients = [client_of(user_id) for user_id in users]
        together(WRITERS, lambda number: write(clients[number]))
        more = write_until_all_died(deaths, clients[0], log)
        assert Counter(deaths()) == Counter(f"{fault}: -9" for fault in FAULTS)
        assert eventually(lambda: is_delivered(partitions), SECONDS)
    rows = logged_since(start, users)
    assert len({row["event_id"] for row in rows}) == len(rows) == EVENTS + more
    assert_first_occurrences_in_order(rows=rows, events=published(valkey.url, users))
    assert_purged_are_gone(users, rows=rows)


def is_delivered(partitions: tuple[int, ...]) -> bool:
    """Whether nothing waits any more."""
    return not any(
        outbox.find(partition).unpublished
        or collection("conversations").find_one({"partition": partition, **WAITING}, {"_id": 1})
        for partition in partitions
    )


def logged_since(start: dict[int, int], users: list[str]) -> list[dict[str, Any]]:
    """Return the users' rows; all positions since the start are there, each once."""
    found = []
    for partition, position in start.items():
        since = {"partition": partition, "position": {"$gt": position}}
        rows = sorted(
            collection("conversation_events").find(since), key=lambda row: row["position"]
        )
        positions = [row["position"] for row in rows]
        assert positions == list(range(position + 1, position + len(rows) + 1))
        found += [row for row in rows if row["event"]["user_id"] in users]
    return found


def assert_first_occurrences_in_order(
    *, rows: list[dict[str, Any]], events: list[dict[str, Any]]
) -> None:
    """Assert that the broker has each event, and first occurrences in the conversation's order."""
    first: dict[str, dict[str, Any]] = {}
    for event in events:
        first.setdefault(event["event_id"], event)
    assert first.keys() == {row["event_id"] for row in rows}
    sequences: dict[str, list[int]] = {}
    for event in first.values():
        sequences.setdefault(event["conversation_id"], []).append(event["sequence"])
    for conversation_id, found in sequences.items():
        assert found == list(range(1, len(found) + 1)), conversation_id
    identity = {(each["event_id"], each["conversation_id"], each["sequence"]) for each in events}
    assert len(identity) == len(first)


def assert_purged_are_gone(users: list[str], *, rows: list[dict[str, Any]]) -> None:
    """Assert that no shell is left, and no content of what was purged."""
    left = collection("conversations").count_documents({"user_id": {"$in": users}})
    assert left == WRITERS * len(LONG)
    purged = {
        row["event"]["conversation_id"]
        for row in rows
        if row["event"]["event_type"] == "conversation.purged"
    }
    assert len(purged) >= WRITERS * PURGED
    assert {
        row["event"]["data"] is None for row in rows if row["event"]["conversation_id"] in purged
    } == {True}
