"""How many requests in how much time."""

import re
from dataclasses import dataclass
from typing import Self

# Redis keeps the time of every request in the window, about ten bytes each: a megabyte of them.
MOST = 100_000
_RATE = re.compile(r"([0-9]{1,6})/([a-z]+)\Z")
_SECONDS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "min": 60,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """At most so many requests in any stretch of so many seconds."""

    requests: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the rate that is written as `600/min`; raises ValueError."""
        match = _RATE.match(text)
        if match is None or match[2] not in _SECONDS or not 0 < int(match[1]) <= MOST:
            raise ValueError(f"must be like 600/min: 1-{MOST} per {', '.join(_SECONDS)}")
        return cls(requests=int(match[1]), seconds=_SECONDS[match[2]])
