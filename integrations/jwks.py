"""The keys that access tokens are signed with, from the issuer's key set (RFC 7517)."""

import threading
import time
from collections.abc import Mapping

from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from integrations.client import Request
from integrations.errors import TokenRejected, UpstreamUnavailable
from integrations.resilience.deadline import Deadline
from integrations.resilience.flight import SingleFlight
from integrations.upstream import Health, Upstream

FRESH = 300.0  # seconds; a key taken out of the set is refused within that
AT_MOST_EVERY = 60.0  # seconds between two fetches, whatever the tokens say
_PUBLIC = {"RSA", "EC"}  # a symmetric key in a public document would let anyone sign


class JwksClient:
    """The signing keys by their id, fetched again as they rotate.

    While the issuer is away the keys last fetched stay in use: tokens cannot be checked without.
    """

    def __init__(
        self, *, upstream: Upstream, fresh: float = FRESH, at_most_every: float = AT_MOST_EVERY
    ) -> None:
        self._upstream = upstream
        self._fresh = fresh
        self._at_most_every = at_most_every
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = threading.Lock()
        self._flights: SingleFlight[str, Mapping[str, PyJWK]] = SingleFlight(upstream=upstream.name)

    def signing_key(self, *, kid: str | None, deadline: Deadline) -> PyJWK:
        """Return the key that a token's header names; `kid` None means the only one there is.

        The caller pins the algorithm. Raises TokenRejected when no key has this id, and
        UpstreamUnavailable when the keys were never fetched and cannot be.
        """
        key = self._find(kid)
        is_fresh = time.monotonic() - self._fetched_at < self._fresh
        if key is not None and is_fresh:
            return key
        self._fetch(deadline=deadline)
        key = self._find(kid)
        if key is None:
            raise TokenRejected
        return key

    def health(self) -> Health:
        """Return this dependency's part of /health; the key set itself is what is probed."""
        return self._upstream.health(path="")

    def _find(self, kid: str | None) -> PyJWK | None:
        keys = self._keys
        if kid is None:
            return next(iter(keys.values())) if len(keys) == 1 else None
        return keys.get(kid)

    def _fetch(self, *, deadline: Deadline) -> None:
        if not self._may_fetch():
            return
        try:
            self._keys = self._flights.run(
                "keys", lambda: self._load(deadline=deadline), deadline=deadline
            )
        except UpstreamUnavailable:
            if not self._keys:
                raise

    def _may_fetch(self) -> bool:
        """Say whether this caller may fetch: always without keys, else once in a while."""
        with self._lock:
            now = time.monotonic()
            if self._keys and now - self._tried_at < self._at_most_every:
                return False
            self._tried_at = now
            return True

    def _load(self, *, deadline: Deadline) -> Mapping[str, PyJWK]:
        keys = self._upstream.call(Request(path=""), read=_parse, deadline=deadline)
        self._fetched_at = time.monotonic()
        return keys or {}


def _parse(content: Mapping[str, object]) -> Mapping[str, PyJWK]:
    """Return the usable public signing keys; raises ValueError when there is none."""
    try:
        keys = PyJWKSet.from_dict(dict(content)).keys
    except (PyJWTError, AttributeError, TypeError) as error:
        raise ValueError("not a key set") from error
    usable = {
        key.key_id or "": key
        for key in keys
        if key.key_type in _PUBLIC and key.public_key_use != "enc"
    }
    if not usable:
        raise ValueError("no usable key")
    return usable
