"""Cursors: a position in one list of one caller, sealed.

A cursor is encrypted and authenticated (AES-GCM-SIV, RFC 8452) and bound to the caller, the
filters and the ordering as associated data: one that was altered, or that belongs to another
list, does not open.
"""

import base64
import os
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
from bson import ObjectId
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from django.conf import settings

from conversations.errors import Fault, InvalidInput
from conversations.repository.indexes import EPOCH
from conversations.repository.listing import Position

_NONCE = 12  # bytes
_MILLISECOND = timedelta(milliseconds=1)


@lru_cache(maxsize=1)
def _cipher() -> AESGCMSIV:
    return AESGCMSIV(settings.CURSOR_KEY)


def seal(position: Position, *, scope: bytes) -> str:
    """Return the cursor of a position; `scope` is what it is bound to."""
    value = position.value
    if isinstance(value, datetime):
        value = (value - EPOCH) // _MILLISECOND
    flags = 2 * position.backward + position.inclusive
    return seal_place([flags, str(position.row_id), value], scope=scope)


def unseal(cursor: str, *, scope: bytes) -> Position:
    """Return the position of a cursor; raises InvalidInput if it is not one of this list."""
    flags, row_id, value = unseal_place(cursor, scope=scope)
    return Position(
        value=EPOCH + value * _MILLISECOND if isinstance(value, int) else value,
        row_id=ObjectId(row_id),
        backward=bool(flags & 2),
        inclusive=bool(flags & 1),
    )


def seal_place(place: list[Any], *, scope: bytes) -> str:
    """Return the cursor of a place that is written in JSON; `scope` is what it is bound to."""
    nonce = os.urandom(_NONCE)
    sealed = nonce + _cipher().encrypt(nonce, orjson.dumps(place), scope)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal_place(cursor: str, *, scope: bytes, parameter: str = "cursor") -> list[Any]:
    """Return the place of a cursor that came as `parameter`; raises InvalidInput."""
    try:
        sealed = _decoded(cursor)
        text = _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], scope)
    except (InvalidTag, ValueError):
        fault = Fault(parameter=parameter, code="invalid_cursor", detail=_DETAIL)
        raise InvalidInput([fault]) from None
    place: list[Any] = orjson.loads(text)
    return place


def _decoded(cursor: str) -> bytes:
    text = cursor.encode("ascii")
    sealed = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    # The last character of unpadded base64 has aliases: only the one we wrote is ours.
    if base64.urlsafe_b64encode(sealed).rstrip(b"=") != text:
        raise ValueError("not canonical")
    return sealed


_DETAIL = "This cursor was altered, or belongs to another list: other filters, ordering or user."
