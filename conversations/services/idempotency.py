"""Once per Idempotency-Key: a repeated creation gets the first one's answer.

After the IETF draft "The Idempotency-Key HTTP Header Field". The id of what will be created is
fixed in the record before it is created, so that whoever takes over from an attempt that died or
failed either creates it or finds it there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from bson import ObjectId

from conversations.caller import Caller
from conversations.errors import KeyInUse, KeyReused
from conversations.repository import idempotency
from conversations.repository.database import Document

KEPT_FOR = timedelta(hours=24)
GRACE = 5  # seconds that a lease outlives its request's deadline


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a key stands for: the id to create, or, if that is done, the answer it had."""

    record_id: str
    conversation_id: ObjectId
    answer: dict[str, Any] | None = None


def claim(*, key: str, operation: str, body: Any, caller: Caller, now: datetime) -> Claim:
    """Claim a key for one creation, or find its answer.

    Raises KeyReused if it came with another body, KeyInUse while the first request is under way.
    """
    leased_until = now + timedelta(seconds=caller.deadline.remaining() + GRACE)
    record: Document = {
        "_id": _digest([caller.actor, caller.owner, operation, key]),
        "user_id": caller.owner,
        "fingerprint": _digest(body),
        "conversation_id": ObjectId(),
        "created_at": now,
        "leased_until": leased_until,
    }
    while not idempotency.insert(record):
        found = idempotency.find(record["_id"])
        if found is None:
            continue
        if found["created_at"] <= now - KEPT_FOR:
            idempotency.delete(found["_id"])
            continue
        return _claim_of(found, record, now=now)
    return Claim(record_id=record["_id"], conversation_id=record["conversation_id"])


def _claim_of(found: Document, record: Document, *, now: datetime) -> Claim:
    if found["fingerprint"] != record["fingerprint"]:
        raise KeyReused
    answer = found.get("answer")
    if answer is None and (
        found["leased_until"] > now
        or not idempotency.extend_lease(found, until=record["leased_until"])
    ):
        raise KeyInUse
    return Claim(record_id=found["_id"], conversation_id=found["conversation_id"], answer=answer)


def keep(held: Claim, *, answer: dict[str, Any]) -> None:
    """Keep the answer for repeats."""
    idempotency.keep_answer(held.record_id, answer=answer)


def release(held: Claim) -> None:
    """Give a key back after an error that created nothing: errors are not kept."""
    idempotency.delete(held.record_id)


def abandon(held: Claim, *, now: datetime) -> None:
    """End the lease after an error that may or may not have created it: a repeat takes over."""
    idempotency.end_lease(held.record_id, at=now)


def _digest(value: Any) -> str:
    return sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
