"""The trace that a request belongs to: in, through this process, and on to others.

`X-Trace-Id` is the platform's own header; `traceparent` is W3C Trace Context, level 1.
"""

import os
import re
import uuid
from contextvars import ContextVar
from dataclasses import dataclass

from conversations.trace_ids import is_sampled, w3c_trace_id

_OUR_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
# Version 00 is 55 characters long; later ones may go on (section 3.2.4, "Versioning").
_TRACEPARENT = re.compile(
    r"(?!ff|00.{54})[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


@dataclass(frozen=True, slots=True)
class Trace:
    """`trace_id` as the platform shows it, and the `traceparent` that goes with it.

    `parent` is the caller's own traceparent, or "" where none was sent.
    """

    trace_id: str
    traceparent: str
    parent: str = ""

    @property
    def kept_id(self) -> str:
        """The id that what outlives the request keeps: the W3C trace-id follows from it."""
        w3c_id = self.traceparent[3:35]
        return self.trace_id if w3c_trace_id(self.trace_id) == w3c_id else w3c_id


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


def begin_trace(*, trace_id: str = "", traceparent: str = "", ratio: float = 0.0) -> Trace:
    """Continue the caller's trace, or begin a new one, and make it this thread's current one.

    A value that is not well-formed counts as not sent: what is echoed in a header or written to
    a log is always plain ASCII without line breaks. `ratio` of the traces that begin here are
    recorded; for others their caller has decided.
    """
    caller = _TRACEPARENT.fullmatch(traceparent)
    if caller and (caller[1] == _NO_TRACE or caller[2] == _NO_SPAN):
        caller = None
    if not _OUR_HEADER.fullmatch(trace_id):
        trace_id = caller[1] if caller else uuid.uuid4().hex
    w3c_id = caller[1] if caller else w3c_trace_id(trace_id)
    sampled = int(caller[3], 16) & 1 if caller else is_sampled(w3c_id, ratio=ratio)
    trace = Trace(
        trace_id,
        f"00-{w3c_id}-{os.urandom(8).hex()}-{'01' if sampled else '00'}",
        traceparent if caller else "",
    )
    _current.set(trace)
    return trace
