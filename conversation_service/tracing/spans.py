"""The service's own spans: of requests, and of events written and published."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    Link,
    SpanKind,
    StatusCode,
    format_span_id,
    format_trace_id,
    get_current_span,
    use_span,
)

from conversation_service.trace import Trace
from conversation_service.tracing.ids import being, beneath, span_context
from conversations.events.transports.base import Event, Refusal, Transport
from conversations.trace_ids import event_traceparent


class Spans:
    """Records what this process does, as spans of `provider`.

    `ratio` is the part of the traces that begin in this service that is recorded.
    """

    def __init__(self, *, provider: TracerProvider, ratio: float) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("conversation_service")
        self._ratio = ratio

    def close(self) -> None:
        """Send what was recorded, and record no more."""
        self._provider.shutdown()

    def current_ids(self) -> tuple[str, str]:
        """Return the ids of the current trace and span, both "" outside of any."""
        current = get_current_span().get_span_context()
        if not current.is_valid:
            return "", ""
        return format_trace_id(current.trace_id), format_span_id(current.span_id)

    @contextmanager
    def of_request(self, trace: Trace) -> Iterator[None]:
        """Record the block as the span that the request's own `traceparent` names."""
        with being(trace.traceparent):
            span = self._tracer.start_span(
                "request",
                context=beneath(trace.parent),
                kind=SpanKind.SERVER,
                attributes={"platform.trace_id": trace.trace_id},
            )
        with use_span(span, end_on_exit=True, record_exception=False):
            yield

    def answered(self, *, method: str, endpoint: str, status: int) -> None:
        """Say of the current span, a request's, what was asked for and how it ended."""
        span = get_current_span()
        span.update_name(f"{method} {endpoint}")
        span.set_attribute("http.request.method", method)
        span.set_attribute("http.route", endpoint)
        span.set_attribute("http.response.status_code", status)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(StatusCode.ERROR)

    def event_written(self, event: Event) -> None:
        """Record that a change left an event, as the span that the event's consumers go on from."""
        traceparent = event_traceparent(event, ratio=self._ratio)
        current = get_current_span().get_span_context()
        # Work done for a request that is over is in its trace, and in that of the task as well.
        same = current.trace_id == span_context(traceparent).trace_id
        with being(traceparent):
            self._tracer.start_span(
                f"write {event['event_type']}",
                context=get_current() if same else Context(),
                kind=SpanKind.PRODUCER,
                attributes=_attributes(event),
                links=[Link(current)] if current.is_valid and not same else (),
            ).end()

    def traced(self, build: Callable[[], Transport]) -> Callable[[], Transport]:
        """Return what builds the same transport, with a span for each event that is answered."""
        return lambda: _TracedTransport(transport=build(), published=self._published)

    def _published(self, event: Event, refusal: Refusal | None, started: int) -> None:
        current = get_current_span().get_span_context()
        span = self._tracer.start_span(
            f"publish {event['event_type']}",
            context=beneath(event_traceparent(event, ratio=self._ratio)),
            kind=SpanKind.PRODUCER,
            attributes=_attributes(event),
            links=[Link(current)] if current.is_valid else (),
            start_time=started,
        )
        if refusal:
            span.set_status(StatusCode.ERROR)
        span.end()


class _TracedTransport:
    """A transport that tells of each event to which the broker gave an answer."""

    def __init__(
        self, *, transport: Transport, published: Callable[[Event, Refusal | None, int], None]
    ) -> None:
        self._transport = transport
        self._published = published

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """As Transport says."""
        started = time.time_ns()
        answers = self._transport.publish(events)
        for event, answer in zip(events, answers, strict=True):
            self._published(event, answer, started)
        return answers

    def close(self) -> None:
        """As Transport says."""
        self._transport.close()


def _attributes(event: Event) -> dict[str, str]:
    return {
        "messaging.destination.name": "conversations",
        "messaging.message.id": event["event_id"],
        "messaging.message.conversation_id": event["conversation_id"] or "",
    }
