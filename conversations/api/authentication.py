"""Bearer tokens: verified here, then vouched for by the Auth Service."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken

from conversations import dependencies
from conversations.api.principal import Principal
from conversations.api.requests import ApiRequest
from conversations.api.tokens import verified_claims
from conversations.rules import USER_ID
from integrations.errors import TokenRejected, UpstreamUnavailable

Claims = Mapping[str, Any]


class BearerAuthentication(JWTStatelessUserAuthentication):
    """Authenticates by `Authorization: Bearer <JWT>`; raises InvalidToken, UpstreamUnavailable."""

    def authenticate(  # type: ignore[override]  # a principal, not a Django user
        self, request: ApiRequest
    ) -> tuple[Principal, Claims] | None:
        """Return the principal and the claims, or None where no bearer token was sent."""
        header = self.get_header(request)
        raw = self.get_raw_token(header) if header else None
        if raw is None:
            return None
        claims = verified_claims(raw, deadline=request.deadline)
        user_id = claims.get("user_id")
        if not isinstance(user_id, str) or not USER_ID.match(user_id):
            raise InvalidToken("The token names no valid user_id.")
        doubt = _introspect(raw.decode("ascii"), user_id=user_id, claims=claims, request=request)
        principal = Principal(
            user_id=user_id, scopes=_scopes(claims.get("scope")), unverified_because=doubt
        )
        return principal, claims

    def get_raw_token(self, header: bytes) -> bytes | None:
        """Return the token of a header; the scheme's case does not count (RFC 9110, 11.1)."""
        scheme, _, rest = header.partition(b" ")
        return super().get_raw_token(b"Bearer " + rest) if scheme.lower() == b"bearer" else None


def _scopes(claim: Any) -> frozenset[str]:
    return frozenset(claim.split()) if isinstance(claim, str) else frozenset()


def _introspect(
    raw: str, *, user_id: str, claims: Claims, request: ApiRequest
) -> UpstreamUnavailable | None:
    """Ask the Auth Service; return why it could not be asked, where that is tolerated."""
    if settings.CONFIG.auth_validation == "local":
        return None
    auth = dependencies.get().auth
    try:
        auth.introspect(
            token=raw, user_id=user_id, expires_at=int(claims["exp"]), deadline=request.deadline
        )
    except TokenRejected:
        raise InvalidToken("The token has been revoked.") from None
    except UpstreamUnavailable as unavailable:
        if settings.CONFIG.auth_degraded_mode == "deny":
            raise
        if auth.known_revoked(raw):
            raise InvalidToken("The token has been revoked.") from None
        return unavailable
    return None
