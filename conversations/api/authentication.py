"""Bearer tokens: verified here, then vouched for by the Auth Service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken

from conversations import dependencies
from conversations.api.tokens import verified_claims
from conversations.rules import USER_ID
from integrations.errors import TokenRejected, UpstreamUnavailable

if TYPE_CHECKING:
    from conversations.api.requests import ApiRequest

ADMIN = "conversations:admin"
ACTIVITY = "conversations:activity"

Claims = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Who a valid token speaks for.

    `unverified_because` is set where the Auth Service could not be asked and the token's own
    signature had to do.
    """

    user_id: str
    scopes: frozenset[str]
    unverified_because: UpstreamUnavailable | None = None

    is_authenticated = True

    def must_be_verified(self) -> None:
        """Raise UpstreamUnavailable if the Auth Service has not vouched for the token.

        For what a revoked token must never do: act for others, purge, erase, export.
        """
        if self.unverified_because is not None:
            raise self.unverified_because


class BearerAuthentication(JWTStatelessUserAuthentication):
    """Authenticates by `Authorization: Bearer <JWT>`; raises InvalidToken, UpstreamUnavailable."""

    def authenticate(  # type: ignore[override]  # a principal, not a Django user
        self, request: "ApiRequest"
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


def _scopes(claim: Any) -> frozenset[str]:
    return frozenset(claim.split()) if isinstance(claim, str) else frozenset()


def _introspect(
    raw: str, *, user_id: str, claims: Claims, request: "ApiRequest"
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
