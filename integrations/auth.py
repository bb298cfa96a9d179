"""Introspection of access tokens at the Auth Service (in the spirit of RFC 7662)."""

import hashlib
import math
import time
from collections.abc import Mapping
from http import HTTPStatus

from integrations.client import Request
from integrations.errors import TokenRejected
from integrations.resilience.deadline import Deadline
from integrations.resilience.flight import SingleFlight
from integrations.resilience.local import RecentAnswers
from integrations.resilience.shared import SharedMemory
from integrations.upstream import Health, Upstream

LONGEST_TRUST = 60.0  # seconds for which an answer stands: a revocation is seen within that
REMEMBERED = 20_000  # tokens, each way, in one process


class AuthClient:
    """Asks the Auth Service whether a token, whose signature was checked before, still stands."""

    def __init__(self, *, upstream: Upstream, shared: SharedMemory) -> None:
        self._upstream = upstream
        self._shared = shared
        self._owners: RecentAnswers[bytes, str] = RecentAnswers(size=REMEMBERED)
        self._revoked: RecentAnswers[bytes, bool] = RecentAnswers(size=REMEMBERED)
        self._flights: SingleFlight[bytes, str] = SingleFlight(upstream=upstream.name)

    def introspect(self, *, token: str, user_id: str, expires_at: int, deadline: Deadline) -> None:
        """Return if the token stands and is this user's.

        `expires_at` is its `exp` claim, in seconds since the epoch. Raises TokenRejected when the
        token is revoked or another user's, UpstreamUnavailable when the Auth Service cannot say.
        """
        digest = _digest(token)
        owner = self._owners.get(digest)
        if owner is None:
            owner = self._flights.run(
                digest,
                lambda: self._ask(token, digest=digest, expires_at=expires_at, deadline=deadline),
                deadline=deadline,
            )
        if owner != user_id:
            raise TokenRejected

    def known_revoked(self, token: str) -> bool:
        """Say whether this token was answered with a 401 here or, if Redis can tell, elsewhere.

        For the degraded mode, in which the Auth Service cannot be asked.
        """
        digest = _digest(token)
        if self._revoked.get(digest):
            return True
        return bool(self._shared.run(lambda redis: redis.exists(_revoked_key(digest))))

    def health(self) -> Health:
        """Return this dependency's part of /health."""
        return self._upstream.health()

    def _ask(self, token: str, *, digest: bytes, expires_at: int, deadline: Deadline) -> str:
        if self._revoked.get(digest):
            raise TokenRejected
        owner = self._upstream.call(
            Request(path="/validate-token", body={"token": token}),
            read=_owner,
            none_for=HTTPStatus.UNAUTHORIZED,
            deadline=deadline,
        )
        lifetime = max(0.0, expires_at - time.time())
        if owner is None:
            self._remember_revoked(digest, lifetime=lifetime)
            raise TokenRejected
        self._owners.put(digest, owner, seconds=min(LONGEST_TRUST, lifetime))
        return owner

    def _remember_revoked(self, digest: bytes, *, lifetime: float) -> None:
        self._revoked.put(digest, True, seconds=lifetime)
        seconds = max(1, math.ceil(lifetime))
        self._shared.run(lambda redis: redis.set(_revoked_key(digest), "1", ex=seconds))


def _owner(content: Mapping[str, object]) -> str:
    user_id = content.get("user_id")
    if not isinstance(user_id, str):
        raise ValueError("no user_id")
    return user_id


def _revoked_key(digest: bytes) -> str:
    return f"revoked:{digest.hex()}"


def _digest(token: str) -> bytes:
    # The token itself is a secret and is not kept, so that no dump of memory gives it away. What is
    # signed tells tokens apart, not the signature: of an ES256 one anybody can make a second.
    signed = token.rsplit(".", 1)[0]
    return hashlib.sha256(signed.encode()).digest()
