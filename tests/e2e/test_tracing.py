"""Tracing: from a gateway's header to the consumer of an event, one connected trace."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from redis import Redis

from conversation_service.routes import PROBES
from conversations.trace_ids import w3c_trace_id
from tests.doubles.collector import Collector, Received
from tests.doubles.stand_in import StandIn
from tests.doubles.supervised import eventually
from tests.e2e.delivery import CONVERSATIONS, SECONDS, Delivery, delivery

SECRET = "Sw0rdfish"
GATEWAY_SPAN = "00f067aa0ba902b7"
SERVER, CONSUMER = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CONSUMER


@dataclass(frozen=True, kw_only=True)
class Traced:
    """The service with its worker, who send spans; the others that take part in a trace."""

    running: Delivery
    collector: Collector
    others: StandIn

    def create(self, user_id: str, **headers: Any) -> Any:
        """Create a conversation with something secret in all that a user sends."""
        self.others.owner = user_id
        service = self.running.service
        answer = service.request(
            "POST",
            f"{CONVERSATIONS}?user_id={user_id}",
            token=service.token(user_id, scope="conversations:admin"),
            json={"character_id": f"{SECRET}-{uuid.uuid4()}", "title": SECRET, "tags": [SECRET]},
            **headers,
        )
        assert answer.status_code == 201, answer.text
        return answer

    def entry_of(self, user_id: str) -> dict[str, str]:
        """Return the entry of the stream that has a user's only event, waiting for it."""
        found: list[dict[str, str]] = []

        def arrived() -> bool:
            with Redis.from_url(self.running.events.url, decode_responses=True) as redis:
                entries: Any = redis.xrange("conversations")
            found[:] = [entry for _, entry in entries if user_id in entry["event"]]
            return bool(found)

        assert eventually(arrived, SECONDS)
        return found[0]

    def span(self, trace_id: str, name: str) -> Received:
        """Return the only span of a name in a trace, waiting for it."""

        def named() -> list[Received]:
            return [span for span in self.collector.spans(trace_id) if span.name == name]

        assert eventually(lambda: bool(named()), SECONDS), self.collector.spans(trace_id)
        [span] = named()
        return span


@pytest.fixture(scope="module")
def traced(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """Return it running; spans are sent soon rather than in large batches."""
    collector, others = Collector(), StandIn()
    try:
        with delivery(
            folder=tmp_path_factory.mktemp("traced"),
            AUTH_SERVICE_URL=others.url,
            CHARACTERS_SERVICE_URL=others.url,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
            OTEL_BSP_SCHEDULE_DELAY="100",
        ) as running:
            yield Traced(running=running, collector=collector, others=others)
    finally:
        others.close()
        collector.close()


def consume(entry: dict[str, str]) -> tuple[str, str]:
    """Handle an event as a consumer would; returns the trace of its span, and the parent."""
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    context = TraceContextTextMapPropagator().extract(entry)
    provider.get_tracer("consumer").start_span("handle", context=context).end()
    [span] = spans.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert span.context.trace_flags.sampled
    return format_trace_id(span.context.trace_id), format_span_id(span.parent.span_id)


def test_one_trace_leads_from_the_gateway_to_the_consumer(traced: Traced, user_id: str) -> None:
    """Each part names the one before it as its parent, across four processes."""
    trace_id = uuid.uuid4().hex
    answer = traced.create(user_id, traceparent=f"00-{trace_id}-{GATEWAY_SPAN}-01")
    assert answer.headers["X-Trace-Id"] == trace_id

    request = traced.span(trace_id, f"POST {CONVERSATIONS}")
    assert request.parent == GATEWAY_SPAN
    assert answer.headers["traceparent"] == f"00-{trace_id}-{request.span_id}-01"
    assert request.attributes["http.response.status_code"] == 201

    for name, path in (("POST", "/validate-token"), ("GET", "/characters/")):
        call = traced.span(trace_id, name)
        assert call.parent == request.span_id
        [seen] = [
            headers
            for _, called, headers in traced.others.requests
            if called.startswith(path) and trace_id in headers.get("traceparent", "")
        ]
        assert seen["traceparent"] == f"00-{trace_id}-{call.span_id}-01"

    insert = traced.span(trace_id, f"{traced.running.service.env['MONGODB_DATABASE']}.insert")
    assert insert.parent == request.span_id
    assert insert.attributes["db.collection.name"] == "conversations"

    entry = traced.entry_of(user_id)
    event = json.loads(entry["event"])
    assert event["trace_id"] == trace_id
    written = traced.span(trace_id, "write conversation.created")
    assert (written.parent, written.span_id) == (request.span_id, event["event_id"][:16])
    published = traced.span(trace_id, "publish conversation.created")
    assert published.parent == written.span_id
    assert consume(entry) == (trace_id, written.span_id)


def test_what_people_write_stays_out_of_it(traced: Traced, user_id: str) -> None:
    """No content, token or value of a query in any span, whether it went well or not."""
    service = traced.running.service
    trace_id = uuid.uuid4().hex
    traced.create(user_id, X_Trace_Id=trace_id)
    traced.span(trace_id, "publish conversation.created")
    token = service.token(user_id, note=SECRET)
    refused_id, found_id = uuid.uuid4().hex, uuid.uuid4().hex
    url = f"{CONVERSATIONS}?q={SECRET}"
    found = service.get(url, token=token, X_Trace_Id=found_id)
    assert [row["title"] for row in found.json()["results"]] == [SECRET]
    refused = service.get(f"/{SECRET}?{SECRET}={SECRET}", token=token, X_Trace_Id=refused_id)
    assert refused.status_code == 404
    traced.span(found_id, f"GET {CONVERSATIONS}")
    traced.span(refused_id, "GET unmatched")
    sent = b"".join(span.raw for span in traced.collector.spans())
    for kept_out in (SECRET, token, user_id):
        assert kept_out.encode() not in sent


def test_an_id_of_another_shape_has_a_trace_of_its_own(traced: Traced, user_id: str) -> None:
    """Which can be found by it, and to which the event belongs."""
    shown = f"Gateway-{uuid.uuid4().hex[:8]}"
    answer = traced.create(user_id, X_Trace_Id=shown)
    assert answer.headers["X-Trace-Id"] == shown
    request = traced.span(w3c_trace_id(shown), f"POST {CONVERSATIONS}")
    assert (request.parent, request.attributes["platform.trace_id"]) == ("", shown)
    entry = traced.entry_of(user_id)
    assert json.loads(entry["event"])["trace_id"] == shown
    assert consume(entry)[0] == request.trace_id


def test_a_traceparent_is_continued_whatever_else_the_trace_is_called(
    traced: Traced, user_id: str
) -> None:
    """The event then keeps the id of the trace that the caller's spans are in."""
    trace_id, shown = uuid.uuid4().hex, uuid.uuid4().hex
    parent = f"00-{trace_id}-{GATEWAY_SPAN}-01"
    answer = traced.create(user_id, X_Trace_Id=shown, traceparent=parent)
    assert answer.headers["X-Trace-Id"] == shown
    assert traced.span(trace_id, f"POST {CONVERSATIONS}").parent == GATEWAY_SPAN
    entry = traced.entry_of(user_id)
    assert json.loads(entry["event"])["trace_id"] == trace_id
    assert consume(entry)[0] == trace_id


def test_a_trace_that_its_caller_does_not_record_is_not_recorded(traced: Traced) -> None:
    """Only a later one shows up."""
    service = traced.running.service
    trace_id, later = uuid.uuid4().hex, uuid.uuid4().hex
    answer = service.get("/health/live", traceparent=f"00-{trace_id}-{GATEWAY_SPAN}-00")
    assert answer.headers["traceparent"].endswith("-00")
    service.get("/health/live", traceparent=f"00-{later}-{GATEWAY_SPAN}-01")
    traced.span(later, "GET /health/live")
    assert not traced.collector.spans(trace_id)


def test_logs_name_the_trace_and_the_span(traced: Traced, user_id: str) -> None:
    """The access line those of the request; a line of a worker those of its task."""
    service = traced.running.service
    trace_id = uuid.uuid4().hex
    traced.create(user_id, X_Trace_Id=trace_id)
    request = traced.span(trace_id, f"POST {CONVERSATIONS}")
    assert service.line_of(trace_id)["span_id"] == request.span_id
    traced.entry_of(user_id)


def test_only_requests_and_tasks_begin_a_trace(traced: Traced, user_id: str) -> None:
    """Not probes, scrapes and what they ask, nor the looks for work that find none."""
    service = traced.running.service
    for path in PROBES:
        service.get(path)
        service.get(path, X_Trace_Id=uuid.uuid4().hex)
    created = traced.create(user_id)
    traced.span(created.headers["X-Trace-Id"], f"POST {CONVERSATIONS}")
    traced.entry_of(user_id)

    def named(name: str) -> list[Received]:
        return [span for span in traced.collector.spans() if span.name == name]

    assert eventually(lambda: bool(named("run outbox.deliver")), SECONDS)
    assert not named("run outbox.sweep")
    beginnings = [span for span in traced.collector.spans() if not span.parent]
    assert {span.kind for span in beginnings} == {SERVER, CONSUMER}
    assert not {span.attributes.get("http.route") for span in beginnings} & PROBES


def test_nobody_waits_for_a_collector_that_hangs(traced: Traced, user_id: str) -> None:
    """Requests are answered meanwhile, and spans go out again afterwards."""
    service = traced.running.service
    token = service.token(user_id)
    traced.others.owner = user_id
    traced.collector.gate.clear()
    for _ in range(30):
        assert service.get(CONVERSATIONS, token=token, timeout=2).status_code == 200
    traced.collector.gate.set()
    trace_id = uuid.uuid4().hex
    service.get("/health/live", traceparent=f"00-{trace_id}-{GATEWAY_SPAN}-01")
    traced.span(trace_id, "GET /health/live")


def test_the_web_tells_what_a_worker_of_its_host_has_counted(traced: Traced) -> None:
    """The one metric of rules and panels that the web does not have by itself."""

    def told() -> bool:
        return "\njobs_unfinished " in traced.running.service.get("/metrics").text

    assert eventually(told, SECONDS)
