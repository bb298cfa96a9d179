"""Events reach the broker by real workers, and nobody waits for brokers that are away."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.doubles.supervised import eventually
from tests.e2e.delivery import CONVERSATIONS, SECONDS, Delivery, delivery

WRITERS, WRITES = 4, 15


@pytest.fixture(scope="module")
def running(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivery]:
    """Return the service with its worker; what is not published soon is late."""
    with delivery(folder=tmp_path_factory.mktemp("delivery"), OUTBOX_MAX_AGE="2") as it:
        yield it


def write(running: Delivery, user_id: str) -> int:
    """Create a conversation and rename it; returns how many events that makes."""
    headers = {"Authorization": f"Bearer {running.service.token(user_id)}"}
    url = running.service.url + CONVERSATIONS
    with requests.Session() as session:
        created = session.post(url, json={"character_id": "ada"}, headers=headers, timeout=30)
        assert created.status_code == 201, created.text
        for number in range(WRITES - 1):
            answer = session.patch(
                f"{url}/{created.json()['id']}",
                json={"title": f"{number}"},
                headers=headers,
                timeout=30,
            )
            assert answer.status_code == 200, answer.text
    return WRITES


def write_many(running: Delivery) -> list[str]:
    """Write as several users at once; returns them."""
    users = [f"writer-{uuid.uuid4().hex[:8]}" for _ in range(WRITERS)]
    with ThreadPoolExecutor(max_workers=WRITERS) as pool:
        assert sum(pool.map(lambda user_id: write(running, user_id), users)) == WRITERS * WRITES
    return users


def assert_all_arrive(running: Delivery, users: list[str]) -> None:
    """All events of these users come to the broker, first occurrences in order."""
    for user_id in users:
        assert eventually(lambda: len(first_seen(running, user_id)) == WRITES, SECONDS)  # noqa: B023
        assert first_seen(running, user_id) == list(range(1, WRITES + 1))


def first_seen(running: Delivery, user_id: str) -> list[int]:
    seen: dict[str, Any] = {}
    for event in running.published(user_id):
        seen.setdefault(event["event_id"], event["sequence"])
    return list(seen.values())


def test_workers_publish_what_is_written(running: Delivery) -> None:
    """And say so on the web's /metrics; nothing waits afterwards."""
    before = running.service.sample("events_published_total")
    users = write_many(running)
    assert_all_arrive(running, users)
    published = WRITERS * WRITES
    assert eventually(
        lambda: running.service.sample("events_published_total") >= before + published, SECONDS
    )
    assert eventually(lambda: running.health()["pending"] == 0, SECONDS)
    assert running.health()["oldest_seconds"] == 0
    assert running.service.sample("outbox_parked") == 0


def test_writes_go_on_while_the_broker_of_events_is_away(running: Delivery) -> None:
    """Every write succeeds, /health says that events are late, and all arrive on its return."""
    running.events.kill()
    users = write_many(running)
    assert eventually(lambda: running.health()["status"] == "degraded", SECONDS)
    late = running.health()
    assert late["overall"] == "degraded"
    assert late["oldest_seconds"] > 2
    assert eventually(lambda: running.health()["pending"] >= WRITERS * WRITES, SECONDS)
    assert eventually(lambda: running.service.sample("outbox_pending") >= WRITERS * WRITES, SECONDS)
    running.events.start()
    assert_all_arrive(running, users)
    assert eventually(lambda: running.health()["status"] == "healthy", SECONDS)
    assert running.service.sample("events_retried_total") > 0


def test_writes_go_on_while_celery_s_broker_hangs_or_is_away(running: Delivery) -> None:
    """Nobody waits for a nudge; on its return the sweep finds everything."""
    running.celery.hang()
    users = write_many(running)
    running.celery.kill()
    users += write_many(running)
    running.celery.start()
    assert_all_arrive(running, users)
