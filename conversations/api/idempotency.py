"""The Idempotency-Key header of creating requests."""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from bson import ObjectId
from django.http import HttpResponse
from pymongo.errors import PyMongoError

from conversations.api.answers import json_answer
from conversations.api.requests import ApiRequest
from conversations.caller import Caller
from conversations.errors import ConversationError, Fault, InvalidInput
from conversations.services.idempotency import Claim, abandon, claim, keep, release
from integrations.errors import UpstreamError

_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?\Z")

Create = Callable[[ObjectId | None], tuple[dict[str, Any], dict[str, str]]]


def create_once(
    request: ApiRequest, *, operation: str, caller: Caller, now: datetime, create: Create
) -> HttpResponse:
    """Answer 201 with what `create` returns, or with what it returned for the same key before.

    `create` takes the id to use, None for any, and returns the body and the headers. Raises
    InvalidInput for a malformed key, KeyReused, KeyInUse, and what `create` raises.
    """
    key = _key(request)
    if key is None:
        body, headers = create(None)
        return json_answer(body, status=201, headers=headers)
    held = claim(key=key, operation=operation, body=request.data, caller=caller, now=now)
    if held.answer is not None:
        headers = {**held.answer["headers"], "Idempotent-Replayed": "true"}
        return json_answer(held.answer["body"], status=201, headers=headers)
    body, headers = _created(create, held, now=now)
    keep(held, answer={"body": body, "headers": headers})
    return json_answer(body, status=201, headers=headers)


def _created(
    create: Create, held: Claim, *, now: datetime
) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        return create(held.conversation_id)
    except (ConversationError, UpstreamError):
        release(held)  # these are raised before anything is written
        raise
    except Exception:
        # It may have been written, as when the database went away before it answered. Where the
        # record cannot be written either, its lease runs out by itself.
        with suppress(PyMongoError):
            abandon(held, now=now)
        raise


def _key(request: ApiRequest) -> str | None:
    header = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if header is None:
        return None
    key: str = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.match(key):
        detail = "Must be 1-255 printable ASCII characters."
        raise InvalidInput([Fault(header="Idempotency-Key", code="invalid", detail=detail)])
    return key
