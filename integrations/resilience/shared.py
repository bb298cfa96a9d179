"""Redis as a convenience: its absence makes things slower, never wrong."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

T = TypeVar("T")
PAUSE = 1.0  # seconds without asking after a failure, so that an absent Redis costs little


def connect_redis(url: str) -> Redis:
    """Return a client that gives up quickly: redis-py's own default retries for seconds."""
    client: Redis = Redis.from_url(
        url, socket_connect_timeout=0.25, socket_timeout=0.25, retry=Retry(NoBackoff(), 0)
    )
    return client


class SharedMemory:
    """Runs commands on a Redis client; after a failure it leaves Redis alone for a second."""

    def __init__(self, *, redis: Redis) -> None:
        self._redis = redis
        self._away_until = 0.0

    def run(self, command: Callable[[Redis], T]) -> T | None:
        """Return what the command returns, or None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return command(self._redis)
        except (RedisError, OSError) as error:
            self._away_until = time.monotonic() + PAUSE
            logger.warning("redis is away: %s", type(error).__name__)
            return None
