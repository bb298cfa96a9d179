"""A worker whose broker is killed amid tasks lives on, and works again when that is back."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from redis import Redis

from tests.doubles.supervised import eventually
from tests.doubles.valkey import Valkey
from tests.e2e.live import LiveService

KILLS = 10
SECONDS = 60.0


def test_a_worker_outlives_its_broker(service: LiveService, tmp_path: Path) -> None:
    """However often, with tasks handed out that are not yet acknowledged."""
    broker, log = Valkey(folder=tmp_path), tmp_path / "worker.log"
    broker.start()
    command = [sys.executable, "-m", "celery", "-A", "conversation_service", "worker", "-c", "2"]
    env = {**service.env, "CELERY_BROKER_URL": broker.url}
    with (
        log.open("ab") as output,
        subprocess.Popen(command, env=env, stdout=output, stderr=output) as worker,
        Redis.from_url(broker.url) as client,
    ):
        try:
            with _sending(broker.url):
                for _ in range(KILLS):
                    assert eventually(lambda: _has_handed_out(client), SECONDS), log.read_text()
                    broker.kill()
                    broker.start()
                assert eventually(lambda: _has_handed_out(client), SECONDS), log.read_text()
            assert worker.poll() is None
        finally:
            worker.terminate()
            worker.wait(timeout=SECONDS)
            broker.kill()


@contextmanager
def _sending(url: str) -> Iterator[None]:
    """Send tasks without a pause, until the block ends."""
    stop = Event()

    def send() -> None:
        app = Celery(set_as_current=False)
        while not stop.is_set():
            # By a connection: an app takes the broker of the environment whatever it is given.
            with suppress(OperationalError), Connection(url) as connection:
                app.send_task("jobs.send_due", retry=False, connection=connection)

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _has_handed_out(client: Redis) -> bool:
    """Whether the worker has tasks of this broker: it began empty."""
    return bool(client.hlen("unacked"))
