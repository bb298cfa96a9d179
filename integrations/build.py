"""Builds the clients of a process from its configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from integrations.auth import AuthClient
from integrations.characters import CharactersClient
from integrations.client import HeaderProvider, HttpClient
from integrations.jwks import JwksClient
from integrations.resilience.breaker import Breaker
from integrations.resilience.bulkhead import LONGEST_WAIT, Bulkhead
from integrations.resilience.retry import IN_BACKGROUND, IN_REQUEST
from integrations.resilience.shared import SharedMemory
from integrations.resilience.storage import Rule
from integrations.resilience.watcher import MarksWatcher
from integrations.upstream import Upstream

JWKS_CONCURRENCY = 2
SLOW = 0.5  # of the time an attempt may take; from there on it counts as slow


class Config(Protocol):
    """What of the service's configuration matters here; times are in seconds."""

    @property
    def auth_service_url(self) -> str: ...  # noqa: D102
    @property
    def characters_service_url(self) -> str: ...  # noqa: D102
    @property
    def jwt_jwks_url(self) -> str: ...  # noqa: D102
    @property
    def upstream_timeout(self) -> float: ...  # noqa: D102
    @property
    def breaker_failure_threshold(self) -> int: ...  # noqa: D102
    @property
    def breaker_reset_timeout(self) -> float: ...  # noqa: D102
    @property
    def auth_max_concurrency(self) -> int: ...  # noqa: D102
    @property
    def characters_max_concurrency(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The clients of one process; they are safe to share between its threads.

    `jwks` is there when the configuration names a key set.
    """

    auth: AuthClient
    characters: CharactersClient
    jwks: JwksClient | None
    close: Callable[[], None]


def _no_headers() -> Mapping[str, str]:
    return {}


def build_clients(
    *,
    config: Config,
    shared: SharedMemory,
    headers: HeaderProvider = _no_headers,
    background: bool = False,
) -> Clients:
    """Return the clients.

    `shared` leads to a Redis that gives up quickly (see `connect_redis`). `headers` is called for
    every request and returns what to pass on of the request being served: X-Trace-Id,
    traceparent. In a `background` process calls are tried again more patiently. Nothing is
    connected to before the first call, so that a process may fork after this.
    """
    watcher = MarksWatcher(shared=shared)
    policy = IN_BACKGROUND if background else IN_REQUEST

    def upstream(*, name: str, url: str, concurrency: int) -> Upstream:
        breaker = _breaker(name=name, config=config, shared=shared, watcher=watcher)
        return Upstream(
            name=name,
            client=HttpClient(base_url=url, pool_size=concurrency, headers=headers),
            probe=HttpClient(base_url=url, pool_size=1, headers=headers),
            breaker=breaker,
            bulkhead=Bulkhead(name=name, size=concurrency),
            timeout=config.upstream_timeout,
            policy=policy,
        )

    auth = upstream(
        name="auth", url=config.auth_service_url, concurrency=config.auth_max_concurrency
    )
    characters = upstream(
        name="characters",
        url=config.characters_service_url,
        concurrency=config.characters_max_concurrency,
    )
    jwks = (
        upstream(name="jwks", url=config.jwt_jwks_url, concurrency=JWKS_CONCURRENCY)
        if config.jwt_jwks_url
        else None
    )

    def close() -> None:
        watcher.close()
        for each in (auth, characters, jwks):
            if each is not None:
                each.close()

    return Clients(
        auth=AuthClient(upstream=auth, shared=shared),
        characters=CharactersClient(upstream=characters, shared=shared),
        jwks=JwksClient(upstream=jwks) if jwks else None,
        close=close,
    )


def _breaker(*, name: str, config: Config, shared: SharedMemory, watcher: MarksWatcher) -> Breaker:
    breaker = Breaker(
        name=name,
        rule=Rule(
            threshold=config.breaker_failure_threshold,
            reset_timeout=config.breaker_reset_timeout,
            slow_after=config.upstream_timeout * SLOW,
        ),
        longest_attempt=config.upstream_timeout + LONGEST_WAIT,
        shared=shared,
        catch_up=watcher.ensure_running,
    )
    watcher.add(breaker)
    return breaker
