"""The service with upstreams that a test can break: stand-ins behind fault proxies."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jwt
import orjson
import requests

from integrations.resilience.shared import connect_redis
from tests.doubles.fault_proxy import FaultProxy
from tests.doubles.stand_in import StandIn
from tests.doubles.valkey import Valkey
from tests.e2e.live import LiveService, live_service, own_database

T = TypeVar("T")
CONVERSATIONS = "/api/v1/conversations"
# Short times, so that tests need not wait; a breaker that stays out of the way.
QUICK = {
    "REQUEST_TIMEOUT": "3",
    "UPSTREAM_TIMEOUT": "0.6",
    "BREAKER_FAILURE_THRESHOLD": "100000",
    "WEB_THREADS": "24",
}


class Upstreams(StandIn):
    """Auth and Characters; vouches for every token that was not revoked."""

    def introspect(self, token: str) -> tuple[int, Any]:
        """Return status and content for a token."""
        if token in self.revoked:
            return 401, {}
        claims = jwt.decode(token, options={"verify_signature": False})
        return 200, {"user_id": claims["user_id"]}


@dataclass(kw_only=True)
class Faulty:
    """A running service, what it depends on, and the proxies in between."""

    service: LiveService
    upstreams: Upstreams
    auth: FaultProxy
    characters: FaultProxy
    valkey: Valkey

    def send(
        self, method: str, path: str, *, token: str, json: Any = None, timeout: float = 60
    ) -> requests.Response:
        """Send a request over a connection of its own, from any thread."""
        return requests.request(
            method,
            self.service.url + path,
            json=json,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
        )

    def create(self, character_id: str, *, token: str) -> requests.Response:
        """Create a conversation."""
        return self.send("POST", CONVERSATIONS, token=token, json={"character_id": character_id})

    def remember(self, character_id: str, *, name: str) -> None:
        """Leave a snapshot of a character that is not fresh any more."""
        kept = {"id": character_id, "name": name, "avatar_url": None}
        snapshot = orjson.dumps([0, time.time() + 3600, kept])
        with connect_redis(self.valkey.url) as redis:
            redis.set(f"snapshot:characters:{character_id}", snapshot)

    def health(self) -> dict[str, Any]:
        """Return what /health says of each dependency."""
        dependencies: dict[str, Any] = self.service.get("/health").json()["dependencies"]
        return dependencies


@contextmanager
def faulty_service(*, folder: Path, **changes: str) -> Iterator[Faulty]:
    """Run the service, with a cache of its own, until the block ends."""
    with ExitStack() as running:
        upstreams = Upstreams()
        running.callback(upstreams.close)
        auth = running.enter_context(FaultProxy(target=upstreams.url))
        characters = running.enter_context(FaultProxy(target=upstreams.url))
        valkey = Valkey(folder=folder)
        valkey.start()
        running.callback(valkey.kill)
        env = {
            "AUTH_SERVICE_URL": auth.url,
            "CHARACTERS_SERVICE_URL": characters.url,
            "REDIS_URL": valkey.url,
            **QUICK,
            **changes,
        }
        service = running.enter_context(live_service(folder=folder, **env))
        running.enter_context(own_database(service))
        yield Faulty(
            service=service,
            upstreams=upstreams,
            auth=auth,
            characters=characters,
            valkey=valkey,
        )


def at_once(work: Callable[[int], T], *, times: int) -> list[T]:
    """Return what the work returned for each number below `times`, each in its own thread."""
    with ThreadPoolExecutor(max_workers=times) as pool:
        return list(pool.map(work, range(times)))


def assert_unavailable(answer: requests.Response, *, code: str, naming: str) -> None:
    """Assert that the answer is the documented 503, and leaks nothing of what went wrong."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["code"] == code
    assert naming in answer.json()["detail"]
    assert "traceback" not in answer.text
    assert "127.0.0.1" not in answer.json()["detail"]
