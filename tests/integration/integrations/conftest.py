"""A stand-in for Auth and Characters, the fault proxy before it, and a real valkey-server."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from redis import Redis

from integrations.build import Clients, build_clients
from integrations.resilience.deadline import Deadline
from integrations.resilience.shared import SharedMemory, connect_redis
from tests.doubles.fault_proxy import FaultProxy
from tests.doubles.stand_in import StandIn
from tests.doubles.valkey import Valkey

T = TypeVar("T")


@dataclass(kw_only=True)
class Settings:
    """Configuration with short times, so that tests need not wait."""

    auth_service_url: str
    characters_service_url: str
    upstream_timeout: float = 1.0
    breaker_failure_threshold: int = 5
    breaker_reset_timeout: float = 60.0
    auth_max_concurrency: int = 10
    characters_max_concurrency: int = 5
    jwt_jwks_url: str = ""


@dataclass
class World:
    """Everything a test of the clients needs."""

    stand_in: StandIn
    proxy: FaultProxy
    valkey: Valkey
    redis: Redis
    _closing: list[Callable[[], None]] = field(default_factory=list)

    def clients(self, *, headers: Callable[[], dict[str, str]] = dict, **changes: Any) -> Clients:
        """Return new clients, as another process would have them."""
        urls = {
            "auth_service_url": self.proxy.url,
            "characters_service_url": self.proxy.url,
        }
        settings = Settings(**(urls | changes))
        connection = connect_redis(self.valkey.url)
        clients = build_clients(
            config=settings, shared=SharedMemory(redis=connection), headers=headers
        )
        self._closing += [clients.close, connection.close]
        return clients

    def close(self) -> None:
        """Close all clients."""
        for close in self._closing:
            close()


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds)


def until(condition: Callable[[], bool], *, seconds: float = 10) -> bool:
    """Wait until the condition holds, at most this long; return whether it does."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def in_parallel(work: Callable[[], T], *, times: int) -> list[T]:
    """Run the work in this many threads that begin together; return what each returned."""
    together = threading.Barrier(times)

    def run() -> T:
        together.wait()
        return work()

    with ThreadPoolExecutor(max_workers=times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(folder=tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def world(stand_in: StandIn, valkey_server: Valkey) -> Iterator[World]:
    with connect_redis(valkey_server.url) as client:
        client.flushall()
        with FaultProxy(target=stand_in.url) as proxy:
            world = World(stand_in, proxy, valkey_server, client)
            yield world
            world.close()
            # What a call left open is reported here, not in whichever test comes next.
            gc.collect()
