"""What of a span leaves the process: what is named here, and nothing that anybody wrote.

Libraries put URLs, messages of exceptions and of the database into their spans; those quote ids,
keys and values.
"""

from collections.abc import Mapping, Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status
from opentelemetry.util.types import AnyValue, Attributes

ATTRIBUTES = frozenset(
    {
        "celery.task_name",
        "db.collection.name",
        "db.namespace",
        "db.system.name",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "messaging.destination.name",
        "messaging.message.conversation_id",
        "messaging.message.id",
        "platform.trace_id",
        "server.address",
        "server.port",
    }
)
OF_AN_EXCEPTION = frozenset({"exception.type"})


class PrivateExporter(SpanExporter):
    """Hands on to another exporter what of each span may be known."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the spans with what is left of them."""
        return self._exporter.export([_bare(span) for span in spans])

    def shutdown(self) -> None:
        """End the other exporter."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Have the other exporter send what it holds."""
        return self._exporter.force_flush(timeout_millis)


def _bare(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_known(span.attributes, ATTRIBUTES),
        events=[
            Event(event.name, _known(event.attributes, OF_AN_EXCEPTION), event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _known(attributes: Attributes, names: frozenset[str]) -> Mapping[str, AnyValue]:
    return {name: value for name, value in (attributes or {}).items() if name in names}
