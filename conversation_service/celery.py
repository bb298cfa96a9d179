"""The Celery application: `celery -A conversation_service worker` and `… beat`."""

import os
from functools import partial

from celery import Celery
from celery.signals import worker_init, worker_process_init, worker_process_shutdown
from kombu.transport import TRANSPORT_ALIASES

from conversation_service.config import get_config
from conversation_service.tracing import start_tracing, stop_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conversation_service.settings")

TRANSPORT_ALIASES.update(
    dict.fromkeys(("redis", "rediss"), "conversation_service.broker:Transport")
)
app = Celery("conversation_service")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["conversations"])


# Sent in the worker before it forks; each of its processes builds its own on first use.
@worker_init.connect  # type: ignore[untyped-decorator]  # celery has no types
def _call_patiently(**_signal: object) -> None:
    # Not above: this module is loaded with the package, before there are any settings.
    from conversation_service.wiring import build_dependencies  # noqa: PLC0415
    from conversations import dependencies  # noqa: PLC0415

    dependencies.build_with(partial(build_dependencies, background=True))


# Sent in each process that runs tasks, after the fork.
@worker_process_init.connect  # type: ignore[untyped-decorator]  # celery has no types
def _trace(**_signal: object) -> None:
    start_tracing(get_config())


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]  # celery has no types
def _send_spans(**_signal: object) -> None:
    stop_tracing()
