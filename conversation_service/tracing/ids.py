"""Spans whose ids are known before they start: they have been told to others already."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

_told: ContextVar[SpanContext | None] = ContextVar("told", default=None)


class ToldIds(IdGenerator):
    """Gives the ids of `being`, and random ones outside of it."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()

    def generate_trace_id(self) -> int:
        """Return the trace's id."""
        told = _told.get()
        return told.trace_id if told else self._random.generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the span's id."""
        told = _told.get()
        return told.span_id if told else self._random.generate_span_id()


@contextmanager
def being(traceparent: str) -> Iterator[None]:
    """Give the span that is started in the block the ids of a traceparent."""
    token = _told.set(span_context(traceparent))
    try:
        yield
    finally:
        _told.reset(token)


def span_context(traceparent: str) -> SpanContext:
    """Return what a well-formed `traceparent` says, as OpenTelemetry has it."""
    _, trace_id, span_id, flags = traceparent.split("-")[:4]
    return SpanContext(
        trace_id=int(trace_id, 16),
        span_id=int(span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(flags, 16)),
    )


def beneath(traceparent: str) -> Context:
    """Return the context in which a span is a child of another process's; of none's for ""."""
    if not traceparent:
        return Context()
    return set_span_in_context(NonRecordingSpan(span_context(traceparent)), Context())
