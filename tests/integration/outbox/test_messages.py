"""The messages that ask workers to deliver: few of them, and none for long."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kombu.pools
import pytest
from redis import Redis

from conversation_service.celery import app
from conversation_service.schedule import BEAT_SCHEDULE
from conversations.document import PARTITIONS
from conversations.tasks.outbox import EXPIRES, MOST_WAITING, QUEUE, send_deliveries
from tests.doubles.valkey import Valkey


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """Return a broker of its own, to which Celery sends while nobody consumes."""
    valkey = Valkey(folder=tmp_path)
    valkey.start()
    monkeypatch.setattr(app.conf, "broker_write_url", valkey.url)
    forget_connections()
    with Redis.from_url(valkey.url) as redis:
        yield redis
    forget_connections()
    valkey.kill()


def forget_connections() -> None:
    """Let Celery connect anew: the address is another."""
    kombu.pools.reset()
    app._after_fork()  # noqa: SLF001  # what it is for, and nothing else does


def test_they_do_not_pile_up_while_no_worker_is_there(queue: Redis) -> None:
    """However often partitions are nudged; those that wait are enough for all of them."""
    for _ in range(50):
        send_deliveries(range(PARTITIONS))
    assert PARTITIONS <= queue.llen(QUEUE) < MOST_WAITING + PARTITIONS


def test_they_expire(queue: Redis) -> None:
    """A worker that comes back late does not do again what newer messages ask for."""
    send_deliveries([3])
    [message] = [json.loads(each) for each in queue.lrange(QUEUE, 0, -1)]
    expires = datetime.fromisoformat(message["headers"]["expires"])
    assert expires <= datetime.now(UTC) + timedelta(seconds=EXPIRES)
    assert BEAT_SCHEDULE["outbox-sweep"]["options"]["expires"] <= EXPIRES
