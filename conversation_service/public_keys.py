"""Checks the key that tokens are verified with before anything is served with it."""

from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SMALLEST_RSA = 2048  # bits, RFC 7518 section 3.3


def check_public_key(pem: str, *, algorithm: Literal["RS256", "ES256"]) -> None:
    """Raise ValueError, naming JWT_PUBLIC_KEY, unless it is a key for this algorithm."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("JWT_PUBLIC_KEY must be a public key in PEM") from None
    if algorithm == "RS256" and not (
        isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_RSA
    ):
        raise ValueError(f"JWT_PUBLIC_KEY must be an RSA key of {SMALLEST_RSA} bits for RS256")
    if algorithm == "ES256" and not (
        isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    ):
        raise ValueError("JWT_PUBLIC_KEY must be a P-256 key for ES256")
