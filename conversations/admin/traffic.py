"""How many requests this service answers and how long they take, from its own metrics.

All web processes of one host count into one folder (PROMETHEUS_MULTIPROC_DIR); other hosts have
their own, and Prometheus sees them all.
"""

import os
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

DURATION = "conversation_request_duration_seconds"
SHOWN = 8  # endpoints
KEPT = 60  # looks at the metrics
APART = 5.0  # seconds between two looks that are kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Requests of one kind since the service started; times in milliseconds."""

    name: str
    requests: int
    mean: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """All requests since the service started.

    `latencies`: how many took up to so many milliseconds, and longer than the step before.
    `rates`: requests per second between two looks at this page by this process, the last last.
    """

    requests: int
    latencies: list[tuple[float, int]]
    rates: list[tuple[float, float]]
    endpoints: list[Endpoint]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    time: float
    requests: int


_looks: deque[_Look] = deque(maxlen=KEPT)


def traffic() -> Traffic:
    """Return what the metrics say now."""
    steps: Counter[float] = Counter()
    requests: Counter[str] = Counter()
    seconds: dict[str, float] = defaultdict(float)
    for sample in _samples():
        endpoint = f"{sample.labels['method']} {sample.labels['endpoint']}"
        if sample.name.endswith("_bucket"):
            steps[float(sample.labels["le"])] += int(sample.value)
        elif sample.name.endswith("_count"):
            requests[endpoint] += int(sample.value)
        elif sample.name.endswith("_sum"):
            seconds[endpoint] += sample.value
    total = requests.total()
    return Traffic(
        requests=total,
        latencies=_between_steps(steps),
        rates=_rates(_Look(time=time.time(), requests=total)),
        endpoints=[
            Endpoint(name=name, requests=number, mean=seconds[name] / number * 1000)
            for name, number in requests.most_common(SHOWN)
        ],
    )


def _samples() -> Iterator[Sample]:
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    for metric in registry.collect():
        if metric.name == DURATION:
            yield from metric.samples


def _between_steps(steps: Counter[float]) -> list[tuple[float, int]]:
    """Undo the histogram's adding up."""
    numbers: list[tuple[float, int]] = []
    before = 0
    for step in sorted(steps):
        numbers.append((step * 1000, steps[step] - before))
        before = steps[step]
    return numbers


def _rates(look: _Look) -> list[tuple[float, float]]:
    if not _looks or look.time - _looks[-1].time >= APART:
        _looks.append(look)
    looks = list(_looks)
    return [
        (later.time, max(0, later.requests - earlier.requests) / (later.time - earlier.time))
        for earlier, later in pairwise(looks)
    ]
