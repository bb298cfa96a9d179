"""The trace that a request belongs to: in, through this process, and on to others.

`X-Trace-Id` is the platform's own header; `traceparent` is W3C Trace Context, level 1.
"""

import hashlib
import os
import re
import uuid
from contextvars import ContextVar
from dataclasses import dataclass

_OUR_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_HEX_32 = re.compile(r"[0-9a-f]{32}")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


@dataclass(frozen=True, slots=True)
class Trace:
    """`trace_id` as the platform shows it, and the `traceparent` that goes with it."""

    trace_id: str
    traceparent: str


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current_trace_id() -> str:
    """Return the trace id of the work this thread is doing, or "" outside of any."""
    trace = _current.get()
    return trace.trace_id if trace else ""


def trace_headers() -> dict[str, str]:
    """Return the headers that carry the current trace to another service; none outside of one."""
    trace = _current.get()
    if trace is None:
        return {}
    return {"X-Trace-Id": trace.trace_id, "traceparent": trace.traceparent}


def begin_trace(*, trace_id: str = "", traceparent: str = "") -> Trace:
    """Continue the caller's trace, or begin a new one, and make it this thread's current one.

    A value that is not well-formed counts as not sent: what is echoed in a header or written to
    a log is always plain ASCII without line breaks.
    """
    caller = _TRACEPARENT.fullmatch(traceparent)
    if caller and (caller[1] == _NO_TRACE or caller[2] == _NO_SPAN):
        caller = None
    if not _OUR_HEADER.fullmatch(trace_id):
        trace_id = caller[1] if caller else uuid.uuid4().hex
    if _HEX_32.fullmatch(trace_id) and trace_id != _NO_TRACE:
        w3c_id = trace_id
    else:
        w3c_id = caller[1] if caller else _derived(trace_id)
    flags = "01" if caller and int(caller[3], 16) & 1 else "00"
    trace = Trace(trace_id, f"00-{w3c_id}-{os.urandom(8).hex()}-{flags}")
    _current.set(trace)
    return trace


def _derived(trace_id: str) -> str:
    """Return the W3C trace-id for an id of another shape: always the same one for the same id."""
    return hashlib.sha256(trace_id.encode()).hexdigest()[:32]
