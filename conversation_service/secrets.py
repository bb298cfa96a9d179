"""Keys derived from the one secret that an operator sets."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derived_key(*, secret: str, purpose: str, length: int = 32) -> bytes:
    """Return `length` bytes for one purpose (HKDF, RFC 5869).

    Keys of different purposes tell nothing of each other or of the secret.
    """
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode()).derive(
        secret.encode()
    )
