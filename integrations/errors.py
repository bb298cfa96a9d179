"""What a call to another service can end in, besides its answer."""

from typing import Literal

Reason = Literal[
    "timeout",  # no complete answer within the time allowed for one attempt
    "refused",  # no connection: refused, unreachable, name not found
    "status_5xx",  # the upstream says it is broken
    "throttled",  # the upstream says it is asked too often (429)
    "bad_response",  # cut off, too large, not JSON, not the promised shape, or an unexpected 4xx
    "breaker_open",  # not asked: it has been failing
    "bulkhead_full",  # not asked: as many calls as allowed are already under way
    "deadline",  # the caller's own time ran out
]


class UpstreamError(Exception):
    """A call to another service did not give what was asked for."""


class UpstreamUnavailable(UpstreamError):
    """No usable answer; asking again after `retry_after` seconds is sensible.

    The message names the upstream and the reason only: never what the upstream said.
    """

    def __init__(self, *, upstream: str, reason: Reason, retry_after: int = 1) -> None:
        super().__init__(f"{upstream}: {reason}")
        self.upstream = upstream
        self.reason: Reason = reason
        self.retry_after = max(1, retry_after)


class CharacterNotFound(UpstreamError):
    """The Characters Service answered that there is no such character."""

    def __init__(self, *, character_id: str) -> None:
        super().__init__("no such character")
        self.character_id = character_id


class TokenRejected(UpstreamError):
    """The Auth Service does not vouch for this token and user: revoked, or someone else's."""
