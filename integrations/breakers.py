"""What an operator may do to the breakers of all processes at once.

Every function raises RedisError when Redis is away, since nothing can be shared then, and
UnknownBreaker for a name that no breaker has. The processes follow within a second.
"""

from redis import Redis

from integrations.resilience.marks import BreakerMarks, Mark

BREAKERS = ("auth", "characters", "jwks")


class UnknownBreaker(Exception):
    """There is no breaker of this name."""


def list_breakers(redis: Redis) -> dict[str, Mark]:
    """Return what the processes share about each breaker, by name.

    A mark with state None means that no process has anything to report: closed.
    """
    marks = {name: BreakerMarks(name=name) for name in BREAKERS}
    return {name: mark.fetch(redis) for name, mark in marks.items()}


def force_open(redis: Redis, *, name: str) -> None:
    """Hold a breaker open in every process until `close` is called."""
    _marks(name).force(redis)


def close(redis: Redis, *, name: str) -> None:
    """Close a breaker in every process, whether it opened by itself or was forced."""
    _marks(name).release(redis)


def _marks(name: str) -> BreakerMarks:
    if name not in BREAKERS:
        raise UnknownBreaker(name)
    return BreakerMarks(name=name)
