"""What an operator may do to the breakers of all processes at once.

Every function that takes Redis raises RedisError when it is away, since nothing can be shared then,
and UnknownBreaker for a name that no breaker has. The processes follow within a second.
"""

from redis import Redis

from integrations.resilience.marks import BreakerMarks, Mark

GUARDED = {
    "auth": "the Auth Service: introspection of tokens",
    "characters": "the Characters Service: name and avatar of a character",
    "jwks": "the keys that tokens are signed with (JWT_JWKS_URL)",
}
"""The breakers, by name, and what each guards the calls to."""

BREAKERS = tuple(GUARDED)


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


def state_of(mark: Mark) -> str:
    """Return closed, open, half-open or held open."""
    if mark.forced:
        return "held open"
    return (mark.state or "closed").replace("_", "-")


def in_words(mark: Mark) -> str:
    """Return the state for people, with the time that an open breaker has left."""
    state = state_of(mark)
    return f"open for {mark.seconds_open:.0f} s more" if state == "open" else state


def _marks(name: str) -> BreakerMarks:
    if name not in BREAKERS:
        raise UnknownBreaker(name)
    return BreakerMarks(name=name)
