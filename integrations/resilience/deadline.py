"""One budget of time for everything a request does (gRPC's deadlines, in one process)."""

import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock after which nobody waits for the result any more."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the deadline that lies `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def share(self, part: float) -> Self:
        """Return the earlier deadline that leaves this part, 0 to 1, of the remaining time."""
        return type(self).after(self.remaining() * part)

    def remaining(self) -> float:
        """Return the seconds left, never below zero."""
        return max(0.0, self.at - time.monotonic())

    @property
    def expired(self) -> bool:
        """Say whether no time is left."""
        return time.monotonic() >= self.at
