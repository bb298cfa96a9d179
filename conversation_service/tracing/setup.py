"""Puts OpenTelemetry together for a process: the SDK, its exporter, and what records spans."""

import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from conversation_service import __version__
from conversation_service.config import Config
from conversation_service.schedule import BEAT_SCHEDULE
from conversation_service.tracing.ids import ToldIds
from conversation_service.tracing.privacy import PrivateExporter
from conversation_service.tracing.sampling import sampler
from conversation_service.tracing.spans import Spans
from conversation_service.tracing.tasks import record_tasks

SEND_SECONDS = 3.0  # that a batch may take, and so may the end of a process
OFTEN = 10.0  # seconds; what beat sends more often finds nothing to do, as a rule


def set_up(config: Config) -> Spans:
    """Begin to record, and to send what was recorded from a thread; nothing ever waits for that."""
    provider = TracerProvider(
        sampler=sampler(ratio=config.trace_ratio, quiet=_frequent_tasks()),
        resource=Resource.create(
            {"service.name": config.service_name, "service.version": __version__}
        ),
        id_generator=ToldIds(),
    )
    exporter = OTLPSpanExporter(
        endpoint=f"{config.otel_exporter_otlp_endpoint}/v1/traces", timeout=SEND_SECONDS
    )
    provider.add_span_processor(BatchSpanProcessor(PrivateExporter(exporter)))
    trace.set_tracer_provider(provider)
    # The names of attributes that are stable (OpenTelemetry semantic conventions 1.23 and later).
    os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "http,database"
    RequestsInstrumentor().instrument()
    PymongoInstrumentor().instrument(capture_statement=False)
    record_tasks(provider.get_tracer("celery"))
    return Spans(provider=provider, ratio=config.trace_ratio)


def _frequent_tasks() -> frozenset[str]:
    return frozenset(
        f"run {entry['task']}" for entry in BEAT_SCHEDULE.values() if entry["schedule"] < OFTEN
    )
