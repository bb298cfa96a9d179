"""Access tokens: their signature, and the claims that each must carry (RFC 7519)."""

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from jwt.types import Options
from rest_framework_simplejwt.exceptions import InvalidToken

from conversations import dependencies
from integrations.errors import TokenRejected
from integrations.jwks import JwksClient
from integrations.resilience.deadline import Deadline
from integrations.resilience.local import RecentAnswers

# Besides PyJWT's own: claims of a wrong type, numbers out of range, JSON nested too deeply.
_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError)
# The compact form (RFC 7515, section 7.1) is without padding, which PyJWT lets pass. That the last
# character of each part has no stray bits is checked by PyJWT.
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
_DATES = frozenset({"exp", "nbf", "iat"})
_LAST_DATE = 253_402_300_799  # the end of the year 9999, after which RFC 3339 has no dates

# A token that was right stays so until it expires; the minute bounds how long a key that was taken
# out of the key set still counts. Verifying costs a tenth of a read (docs/decisions/hot-path.md).
_KNOWN: RecentAnswers[bytes, Mapping[str, Any]] = RecentAnswers(size=10_000)
_KNOWN_FOR = 60.0  # seconds


def verified_claims(raw: bytes, *, deadline: Deadline) -> Mapping[str, Any]:
    """Return what a token claims, once its signature, times, issuer and audience are right.

    The algorithm is the configured one, whatever the token says. Raises InvalidToken, and
    UpstreamUnavailable when it is signed by a key that cannot be fetched now.
    """
    digest = sha256(raw).digest()  # tokens themselves are not kept
    known = _KNOWN.get(digest)
    if known is not None:
        return known
    claims = _verify(raw, deadline=deadline)
    _KNOWN.put(digest, claims, seconds=min(_KNOWN_FOR, int(claims["exp"]) - time.time()))
    return claims


def _verify(raw: bytes, *, deadline: Deadline) -> Mapping[str, Any]:
    try:
        return _decoded(raw, deadline=deadline)
    except jwt.ExpiredSignatureError:
        raise InvalidToken("The token has expired.") from None
    except (*_UNREADABLE, TokenRejected):
        raise InvalidToken("The token is not valid.") from None


def _decoded(raw: bytes, *, deadline: Deadline) -> Mapping[str, Any]:
    if not _COMPACT.fullmatch(raw):
        raise jwt.DecodeError
    config = settings.CONFIG
    claims: Mapping[str, Any] = jwt.decode(
        raw,
        _key_for(raw, deadline=deadline),
        algorithms=[config.jwt_algorithm],
        audience=config.jwt_audience or None,
        issuer=config.jwt_issuer or None,
        options=_required(has_audience=bool(config.jwt_audience)),
    )
    if not all(_is_date(claims[name]) for name in _DATES & claims.keys()):
        raise jwt.InvalidTokenError
    return claims


def _is_date(claim: object) -> bool:
    """Say whether it is a NumericDate (RFC 7519, section 2): a text is none, nor is an infinity."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        return False
    return abs(claim) <= _LAST_DATE  # false of NaN


@lru_cache(maxsize=2)
def _required(*, has_audience: bool) -> Options:
    # An issuer whose clock is ahead is no reason to refuse: iat is not for that (RFC 7519, 4.1.6).
    return {"require": ["exp"], "verify_aud": has_audience, "verify_iat": False}


def _key_for(raw: bytes, *, deadline: Deadline) -> Any:
    config = settings.CONFIG
    if config.jwt_algorithm == "HS256":
        return config.jwt_secret_key
    if config.jwt_jwks_url:
        jwks = dependencies.get().jwks
        if jwks is not None:
            return _key_of_set(raw, jwks=jwks, deadline=deadline)
    return _loaded(config.jwt_public_key)


def _key_of_set(raw: bytes, *, jwks: JwksClient, deadline: Deadline) -> jwt.PyJWK:
    header = jwt.get_unverified_header(raw)
    # Before any key is asked for: a token that can never be valid causes no fetch.
    if header.get("alg") != settings.CONFIG.jwt_algorithm:
        raise jwt.InvalidAlgorithmError
    return jwks.signing_key(kid=header.get("kid"), deadline=deadline)


@lru_cache(maxsize=1)
def _loaded(pem: str) -> Any:
    return load_pem_public_key(pem.encode())
