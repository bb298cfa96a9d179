"""What the processes tell each other about a breaker, in Redis.

One key says whether it is open or closed. Its time to live is the remaining open time plus a
grace in which everyone is half-open, so clocks need not agree. A breaker closed again leaves a
"closed" behind: a missing key means that nobody knows, for example after a loss of data. A second
key is an operator's force-open; a third is the lease of the one probe.
"""

import secrets
from dataclasses import dataclass
from typing import Literal

from redis import Redis
from redis.client import Pipeline

GRACE = 3600.0  # seconds

_CLAIM = """
if redis.call('EXISTS', KEYS[2]) == 1 then return {'forced', 0} end
local state = redis.call('GET', KEYS[1])
if state == 'closed' then return {'closed', 0} end
local left = redis.call('PTTL', KEYS[1]) - tonumber(ARGV[3])
if state and left > 0 then return {'open', left} end
if redis.call('SET', KEYS[3], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'probe', 0} end
return {'busy', 0}
"""

_SETTLE = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 1
"""

Verdict = Literal["forced", "closed", "open", "probe", "busy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What Redis says about a breaker; None when it says nothing."""

    state: Literal["open", "half_open", "closed"] | None
    seconds_open: float = 0.0
    forced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The answer to who may probe.

    `seconds_open` belongs to the verdict "open", `token` (to give the lease back) to "probe".
    """

    verdict: Verdict
    seconds_open: float = 0.0
    token: str = ""


class BreakerMarks:
    """The keys of one breaker. Methods take the client, and raise what it raises."""

    def __init__(self, *, name: str) -> None:
        # The braces keep the keys in one slot of a Redis cluster.
        self._state_key = f"breaker:{{{name}}}"
        self._forced_key = f"breaker:{{{name}}}:forced"
        self._probe_key = f"breaker:{{{name}}}:probe"

    def ask(self, pipe: Pipeline) -> None:
        """Queue the three commands whose answers `read` takes."""
        pipe.get(self._state_key)
        pipe.pttl(self._state_key)
        pipe.exists(self._forced_key)

    def read(self, answers: tuple[bytes | None, int, int]) -> Mark:
        """Return the mark from the answers to `ask`."""
        state, milliseconds, forced = answers
        if state is None:
            return Mark(state=None, forced=bool(forced))
        if state == b"closed":
            return Mark(state="closed", forced=bool(forced))
        left = max(0.0, milliseconds / 1000 - GRACE)
        return Mark(state="open" if left else "half_open", seconds_open=left, forced=bool(forced))

    def fetch(self, redis: Redis) -> Mark:
        """Return the mark, in one round trip."""
        pipe = redis.pipeline(transaction=False)
        self.ask(pipe)
        state, milliseconds, forced = pipe.execute()
        return self.read((state, milliseconds, forced))

    def opened(self, redis: Redis, *, seconds: float) -> bool:
        """Tell everyone that it is open for this long, and half-open then; True once told."""
        return bool(redis.set(self._state_key, "open", px=_milliseconds(seconds + GRACE)))

    def force(self, redis: Redis) -> None:
        """Keep it open everywhere until `release`."""
        redis.set(self._forced_key, "1")

    def release(self, redis: Redis) -> None:
        """Close it everywhere, whatever held it open."""
        pipe = redis.pipeline()
        pipe.set(self._state_key, "closed", px=_milliseconds(GRACE))
        pipe.delete(self._forced_key, self._probe_key)
        pipe.execute()

    def claim_probe(self, redis: Redis, *, lease: float) -> Claim:
        """Ask to be the one that probes, for at most `lease` seconds."""
        keys = [self._state_key, self._forced_key, self._probe_key]
        token = secrets.token_hex(8)
        verdict, milliseconds = redis.register_script(_CLAIM)(
            keys=keys, args=[token, _milliseconds(lease), _milliseconds(GRACE)]
        )
        return Claim(verdict=verdict.decode(), seconds_open=milliseconds / 1000, token=token)

    def settle_probe(
        self,
        redis: Redis,
        *,
        token: str,
        state: str,
        seconds: float,
    ) -> bool:
        """Give the lease back, and tell what the probe found; "" when it found nothing out.

        `state` is "open" or "closed"; `seconds` is how long an open breaker stays open. Returns
        True once told.
        """
        told = redis.register_script(_SETTLE)(
            keys=[self._state_key, self._probe_key],
            args=[token, state, _milliseconds(seconds + GRACE)],
        )
        return bool(told)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
