"""Cursors: a position in one list of one caller, sealed.

A cursor is encrypted and authenticated (AES-GCM-SIV, RFC 8452) and bound to the caller, the
filters and the ordering as associated data: one that was altered, or that belongs to another
list, does not open.
"""

import base64
import binascii
import os
from datetime import datetime, timedelta
from functools import lru_cache

import orjson
from bson import ObjectId
from bson.errors import InvalidId
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from django.conf import settings

from conversations.errors import Fault, InvalidInput
from conversations.repository.listing import Position

_NONCE = 12  # bytes
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # UTC without an offset, as in documents
_MILLISECOND = timedelta(milliseconds=1)


@lru_cache(maxsize=1)
def _cipher() -> AESGCMSIV:
    return AESGCMSIV(settings.CURSOR_KEY)


def seal(position: Position, *, scope: bytes) -> str:
    """Return the cursor of a position; `scope` is what it is bound to."""
    value = position.value
    if isinstance(value, datetime):
        value = (value - _EPOCH) // _MILLISECOND
    flags = 2 * position.backward + position.inclusive
    nonce = os.urandom(_NONCE)
    text = orjson.dumps([flags, str(position.row_id), value])
    sealed = nonce + _cipher().encrypt(nonce, text, scope)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(cursor: str, *, scope: bytes) -> Position:
    """Return the position of a cursor; raises InvalidInput if it is not one of this list."""
    try:
        sealed = _decoded(cursor)
        text = _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], scope)
        flags, row_id, value = orjson.loads(text)
        return Position(
            value=_EPOCH + value * _MILLISECOND if isinstance(value, int) else value,
            row_id=ObjectId(row_id),
            backward=bool(flags & 2),
            inclusive=bool(flags & 1),
        )
    except (InvalidTag, InvalidId, ValueError, binascii.Error):
        raise InvalidInput([_FAULT]) from None


def _decoded(cursor: str) -> bytes:
    text = cursor.encode("ascii")
    sealed = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    # The last character of unpadded base64 has aliases: only the one we wrote is ours.
    if base64.urlsafe_b64encode(sealed).rstrip(b"=") != text:
        raise ValueError("not canonical")
    return sealed


_FAULT = Fault(
    parameter="cursor",
    code="invalid_cursor",
    detail="This cursor was altered, or belongs to another list: other filters, ordering or user.",
)
