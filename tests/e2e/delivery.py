"""The service with its worker, and a broker of events that a test can take away."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from tests.doubles.supervised import eventually
from tests.doubles.valkey import Valkey
from tests.e2e.live import LiveService, live_service, own_database
from tests.e2e.workers import celery_worker

CONVERSATIONS = "/api/v1/conversations"
SECONDS = 90.0


@dataclass(kw_only=True)
class Delivery:
    """A running service, its worker, Celery's broker and the broker of events."""

    service: LiveService
    celery: Valkey
    events: Valkey

    def published(self, user_id: str) -> list[dict[str, Any]]:
        """Return a user's events as the broker has them."""
        with Redis.from_url(self.events.url, decode_responses=True) as redis:
            entries: Any = redis.xrange("conversations")
        events = [json.loads(fields["event"]) for _, fields in entries]
        return [event for event in events if event["user_id"] == user_id]

    def health(self) -> dict[str, Any]:
        """Return what /health says of the outbox, and of all."""
        body: dict[str, Any] = self.service.get("/health").json()
        return {**body["dependencies"]["outbox"], "overall": body["status"]}


@contextmanager
def delivery(*, folder: Path, **changes: str) -> Iterator[Delivery]:
    """Run the service with a worker and its scheduler until the block ends."""
    with ExitStack() as running:
        brokers = []
        for name in ("celery", "events"):
            (folder / name).mkdir(parents=True)
            broker = Valkey(folder=folder / name, keeps=True)
            broker.start()
            running.callback(broker.kill)
            brokers.append(broker)
        celery, events = brokers
        env = {"CELERY_BROKER_URL": celery.url, "EVENTS_BROKER_URL": events.url, **changes}
        service = running.enter_context(live_service(folder=folder, **env))
        running.enter_context(own_database(service))
        worker = celery_worker(
            *("--beat", "--concurrency", "2", "--schedule", str(folder / "beat-schedule")),
            env=service.env,
            log=folder / "worker.log",
        )
        running.enter_context(worker)
        running_delivery = Delivery(service=service, celery=celery, events=events)
        assert eventually(lambda: _worker_is_there(service), SECONDS)
        yield running_delivery


def _worker_is_there(service: LiveService) -> bool:
    dependencies = service.get("/health").json()["dependencies"]
    return bool(dependencies["worker"].get("alive"))
