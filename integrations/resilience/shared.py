"""Redis as a convenience: its absence makes things slower, never wrong."""

import logging
import threading
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
    """Runs commands on a Redis client; after a failure it leaves Redis alone for a second.

    Then one caller looks whether it is back; the others go without it meanwhile, so that a Redis
    that hangs holds up no more than one of them a second.
    """

    def __init__(self, *, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._away = False
        self._look_again_at = 0.0
        self._lock = threading.Lock()

    def run(self, command: Callable[[Redis], T]) -> T | None:
        """Return what the command returns, or None while Redis is away."""
        if self._away and not self._is_my_turn():
            return None
        try:
            answer = command(self._redis)
        except (RedisError, OSError) as error:
            self._away = True
            self._look_again_at = self._clock() + PAUSE
            logger.warning("redis is away: %s", type(error).__name__)
            return None
        self._away = False
        return answer

    def _is_my_turn(self) -> bool:
        with self._lock:
            now = self._clock()
            if now < self._look_again_at:
                return False
            self._look_again_at = now + PAUSE
            return True
