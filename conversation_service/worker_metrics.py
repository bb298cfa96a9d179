"""A Celery worker's own door for Prometheus.

On one host the web server's `/metrics` tells of the worker too, for both write to one folder. Two
containers cannot share it: the files are named by process numbers, which count from 1 in both.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import structlog
from celery.signals import worker_ready
from django.conf import settings
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from conversation_service.metrics import sweep_dead_processes

log = structlog.get_logger(__name__)


class WorkerCollector(Collector):
    """The metrics of a worker and of the processes of its pool, as they left them in a folder."""

    def __init__(self, *, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """Return them as they are now, without the gauges of processes that died."""
        sweep_dead_processes(self._folder)
        metrics: Iterable[Metric] = MultiProcessCollector(None, str(self._folder)).collect()
        return metrics


# Sent in the worker itself, when the processes of its pool are there.
@worker_ready.connect  # type: ignore[untyped-decorator]  # celery has no types
def _serve(**_signal: object) -> None:
    """Answer on WORKER_METRICS_PORT from a thread that ends with the process."""
    port = settings.CONFIG.worker_metrics_port
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not port or folder is None:
        return
    registry = CollectorRegistry()
    registry.register(WorkerCollector(folder=Path(folder)))
    start_http_server(port, registry=registry)
    log.info("metrics served", port=port)
