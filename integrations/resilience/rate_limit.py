"""How often each caller may ask, counted by Redis for all processes together.

A sliding log: Redis keeps the time of every request that was let through, and lets the next one
through if fewer than the limit lie within the window before it. So no stretch of time as long as
the window ever holds more than the limit, wherever it begins. The clock is Redis' own: those of
the processes need not agree. What is refused is not counted, so that asking on while refused
keeps nobody out for longer.
"""

import math
from dataclasses import dataclass

from redis import Redis

from integrations.resilience.rate import Rate
from integrations.resilience.shared import SharedMemory

# Returns how many were left before this one (it is refused where none was), and in how many
# milliseconds there will be one more.
_SPEND = """
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - window do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local spent = redis.call('LLEN', KEYS[1])
if spent < limit then
  redis.call('RPUSH', KEYS[1], now)
  redis.call('PEXPIRE', KEYS[1], window)
end
local next_to_go = redis.call('LINDEX', KEYS[1], math.max(0, spent - limit))
return {limit - spent, next_to_go + window - now}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What became of a request, and what its caller has left.

    Within `seconds`, rounded up, no more than `remaining` further ones are let through; then there
    is room for one more.
    """

    allowed: bool
    remaining: int
    seconds: int


class RateLimiter:
    """Counts the requests of each caller against one rate."""

    def __init__(self, *, rate: Rate, shared: SharedMemory) -> None:
        self.rate = rate
        self._shared = shared

    def spend(self, caller: str) -> Standing | None:
        """Count a request of the caller, in one round trip; None while Redis cannot be asked."""
        answer = self._shared.run(lambda redis: self._ask(redis, caller))
        if answer is None:
            return None
        left, milliseconds = answer
        return Standing(
            allowed=left > 0,
            remaining=max(0, left - 1),
            seconds=math.ceil(milliseconds / 1000),
        )

    def _ask(self, redis: Redis, caller: str) -> tuple[int, int]:
        left, milliseconds = redis.register_script(_SPEND)(
            keys=[f"rate_limit:{caller}"], args=[self.rate.requests, self.rate.seconds * 1000]
        )
        return int(left), int(milliseconds)
