"""Spans of Celery's tasks, and the trace that goes along with a message.

Not by OpenTelemetry's own instrumentation: a message that cannot be sent leaves its span open there
for ever, and all later ones beneath it; and it records the messages of exceptions.
"""

from collections.abc import MutableMapping
from contextlib import ExitStack
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import SpanKind, StatusCode, Tracer, get_current_span, use_span


def record_tasks(tracer: Tracer) -> None:
    """Record each task that this process runs, beneath what sent it if that was traced."""

    def begin(task: Any, **_signal: object) -> None:
        carrier = {"traceparent": getattr(task.request, "traceparent", None) or ""}
        span = tracer.start_span(
            f"run {task.name}",
            context=extract(carrier),
            kind=SpanKind.CONSUMER,
            attributes={"celery.task_name": task.name},
        )
        task.request.span = ExitStack()
        task.request.span.enter_context(use_span(span, end_on_exit=True))

    def end(task: Any, state: str | None, **_signal: object) -> None:
        if state != "SUCCESS":
            get_current_span().set_status(StatusCode.ERROR)
        task.request.span.close()

    def send(headers: MutableMapping[str, str], **_signal: object) -> None:
        inject(headers)

    task_prerun.connect(begin, weak=False)
    task_postrun.connect(end, weak=False)
    before_task_publish.connect(send, weak=False)
