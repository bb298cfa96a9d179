"""Tracing by OpenTelemetry where OTEL_EXPORTER_OTLP_ENDPOINT is set; else nothing here imports it.

A process starts it after it was forked: what carries spans away is a thread.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from conversation_service.trace import current_trace_id
from conversations.events.transports.base import Transport

if TYPE_CHECKING:
    from conversation_service.config import Config
    from conversation_service.tracing.spans import Spans

_spans: "Spans | None" = None


def start_tracing(config: "Config") -> None:
    """Record spans from now on, if the configuration says where to send them."""
    global _spans  # noqa: PLW0603  # the one place that holds them
    if config.otel_exporter_otlp_endpoint and _spans is None:
        from conversation_service.tracing.setup import set_up  # noqa: PLC0415

        _spans = set_up(config)


def stop_tracing() -> None:
    """Send what was recorded; for processes that end without Python's own exit."""
    if _spans is not None:
        _spans.close()


def recorder() -> "Spans | None":
    """Return what records this process's spans, or None where tracing is off."""
    return _spans


def traced(build: Callable[[], Transport]) -> Callable[[], Transport]:
    """Return `build`, or what builds the same with a span for each event that is published."""
    return build if _spans is None else _spans.traced(build)


def trace_fields() -> dict[str, str]:
    """Return what a line of the log says of the trace: its id, and the span's with tracing on."""
    trace_id = current_trace_id()
    if _spans is None:
        return {"trace_id": trace_id}
    w3c_id, span_id = _spans.current_ids()
    return {"trace_id": trace_id or w3c_id, "span_id": span_id}
