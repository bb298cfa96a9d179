"""A worker whose broker is killed amid tasks lives on, and works again when that is back."""

import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import OperationalError
from redis import Redis

from tests.doubles.supervised import eventually
from tests.doubles.valkey import Valkey
from tests.e2e.live import LiveService
from tests.meanwhile import meanwhile

APP = Celery(set_as_current=False)
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
            with meanwhile(*[partial(_send, broker.url)] * 2):
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


def _send(url: str) -> None:
    """Send a task, if there is a broker."""
    # By a connection: an app takes the broker of the environment whatever it is given.
    with suppress(OperationalError), Connection(url) as connection:
        APP.send_task("jobs.send_due", retry=False, connection=connection)


def _has_handed_out(client: Redis) -> bool:
    """Whether the worker has tasks of this broker: it began empty."""
    return bool(client.hlen("unacked"))
