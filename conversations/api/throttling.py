"""RATE_LIMIT: how often each user may call, and what every answer tells of it."""

from typing import Any

from rest_framework.throttling import BaseThrottle

from conversations import dependencies
from conversations.api.requests import ApiRequest
from conversations.metrics import RATE_LIMIT_CHECKS
from integrations.resilience.rate import Rate
from integrations.resilience.rate_limit import Standing

_POLICY = '"default"'  # the one there is, as a String of RFC 9651


class UserThrottle(BaseThrottle):
    """Refuses who has spent the requests of the moment; DRF makes one for each request.

    It is asked once the caller is known, whose own requests these are: an admin who acts for
    another spends none of theirs. While Redis is away everybody passes.
    """

    _seconds = 0

    def allow_request(self, request: ApiRequest, view: Any) -> bool:  # type: ignore[override]  # as everywhere here
        """Say whether it may go on, and leave the headers for its answer."""
        limiter = dependencies.get().rate_limiter
        if limiter is None or view.unlimited_scope in request.user.scopes:
            return True
        standing = limiter.spend(request.user.user_id)
        request.rate_limit_headers = _headers(limiter.rate, standing)
        if standing is None:
            RATE_LIMIT_CHECKS.labels("unchecked").inc()
            return True
        RATE_LIMIT_CHECKS.labels("allowed" if standing.allowed else "refused").inc()
        self._seconds = standing.seconds
        return standing.allowed

    def wait(self) -> float:
        """Return the seconds until another request is let through."""
        return self._seconds


def _headers(rate: Rate, standing: Standing | None) -> dict[str, str]:
    """Return the fields of draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4."""
    headers = {"RateLimit-Policy": f"{_POLICY};q={rate.requests};w={rate.seconds}"}
    if standing is not None:
        headers["RateLimit"] = f"{_POLICY};r={standing.remaining};t={standing.seconds}"
    return headers
