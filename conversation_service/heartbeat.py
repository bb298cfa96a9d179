"""How the web processes know that Celery workers are alive: these keep saying so in Redis."""

import os
import socket
import time
from functools import lru_cache

import structlog
from celery.signals import heartbeat_sent, worker_shutdown
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from integrations.resilience.shared import connect_redis

EVERY = 5.0  # seconds
ALIVE = 15.0  # seconds: two beats may be lost
log = structlog.get_logger(__name__)


class Heartbeats:
    """The last beat of each worker of this deployment: a sorted set, scored by time."""

    def __init__(self, *, redis: Redis, service: str) -> None:
        self._redis = redis
        self._key = f"{service}:workers"
        self._next = 0.0

    def beat(self) -> None:
        """Say that this process is alive, at most every few seconds.

        Called from the worker's own loop (whenever it tells its peers that it lives), so it also
        shows that the loop turns and consumes. A Redis that is away is for /health to tell.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        now = time.time()
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.zadd(self._key, {_this_process(): now})
                pipe.zremrangebyscore(self._key, "-inf", now - ALIVE)
                pipe.expire(self._key, int(ALIVE))
                pipe.execute()
        except RedisError as error:
            log.warning("heartbeat not written", reason=type(error).__name__)

    def stop(self) -> None:
        """Say that this process ends in order."""
        try:
            self._redis.zrem(self._key, _this_process())
        except RedisError as error:
            log.warning("heartbeat not removed", reason=type(error).__name__)

    def alive(self) -> int:
        """Return how many workers are alive; raises RedisError when nobody can tell."""
        count: int = self._redis.zcount(self._key, time.time() - ALIVE, "+inf")
        return count


def _this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@lru_cache(maxsize=1)
def heartbeats() -> Heartbeats:
    """Return the heartbeats of this deployment."""
    config = settings.CONFIG
    return Heartbeats(redis=connect_redis(config.redis_url), service=config.service_name)


# Celery sends these in workers only, which load this module by CELERY_IMPORTS.
@heartbeat_sent.connect  # type: ignore[untyped-decorator]  # celery has no types
def _on_heartbeat(**_signal: object) -> None:
    heartbeats().beat()


@worker_shutdown.connect  # type: ignore[untyped-decorator]  # celery has no types
def _on_shutdown(**_signal: object) -> None:
    heartbeats().stop()
