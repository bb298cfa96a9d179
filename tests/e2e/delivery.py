"""The service with its worker, and a broker of events that a test can take away."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from tests.doubles.supervised import eventually
from tests.doubles.valkey import Valkey
from tests.e2e.live import LiveService, live_service, own_database

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

    def sample(self, name: str) -> float:
        """Return a sample of /metrics."""
        for line in self.service.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return 0.0


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
        running.enter_context(_worker(service, folder=folder))
        running_delivery = Delivery(service=service, celery=celery, events=events)
        assert eventually(lambda: _worker_is_there(service), SECONDS)
        yield running_delivery


def _worker_is_there(service: LiveService) -> bool:
    dependencies = service.get("/health").json()["dependencies"]
    return bool(dependencies["worker"].get("alive"))


@contextmanager
def _worker(service: LiveService, *, folder: Path) -> Iterator[None]:
    command = [
        *(sys.executable, "-m", "celery", "-A", "conversation_service", "worker", "--beat"),
        *("--concurrency", "2", "--schedule", str(folder / "beat-schedule")),
    ]
    with (
        (folder / "worker.log").open("wb") as output,
        subprocess.Popen(command, env=service.env, stdout=output, stderr=output) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)
