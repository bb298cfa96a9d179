"""Trace ids: the platform's, of any shape, and those of W3C Trace Context that go with them."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_HEX_32 = re.compile(r"[0-9a-f]{32}")
_NO_TRACE = "0" * 32


def w3c_trace_id(trace_id: str) -> str:
    """Return the W3C trace-id of a platform's trace id: always the same one for the same id.

    32 hexadecimal digits, with or without the dashes of a UUID, are their own; of another shape, it
    is derived.
    """
    plain = trace_id.replace("-", "").lower()
    if _HEX_32.fullmatch(plain) and plain != _NO_TRACE:
        return plain
    return hashlib.sha256(trace_id.encode()).hexdigest()[:32]


def is_sampled(w3c_id: str, *, ratio: float) -> bool:
    """Whether a trace is among those recorded, which `ratio` (0-1) of all are.

    Every service decides alike by the id alone, as OpenTelemetry's TraceIdRatioBased does.
    """
    return int(w3c_id[16:], 16) < round(ratio * 2**64)


def event_traceparent(event: Mapping[str, Any], *, ratio: float) -> str:
    """Return the W3C `traceparent` by which a consumer goes on with the trace of a change.

    The parent is named after the event, so that a repeat carries the same.
    """
    w3c_id = w3c_trace_id(event["trace_id"])
    flags = "01" if is_sampled(w3c_id, ratio=ratio) else "00"
    return f"00-{w3c_id}-{event['event_id'][:16]}-{flags}"
