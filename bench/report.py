"""What was measured, as tables for people and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.comparison import Sample
from bench.contestants import BEANIE, DRF, FLOOR, OURS

AIMS = {
    ("list", BEANIE): 0.65,
    ("get", BEANIE): 0.85,
    ("create", BEANIE): 0.9,
    ("list", FLOOR): 2.0,
    ("get", FLOOR): 2.0,
}


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A figure over the rounds: its median, and the least and the most."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}-{self.most:.2f})"


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the range of a figure."""
    return Spread(median=statistics.median(values), least=min(values), most=max(values))


def percentile(latencies: Sequence[float], share: float) -> float:
    """Return the latency that this share of the requests does not exceed."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def rows(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return one row for each contestant and workload."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.workload, sample.contestant), []).append(sample)
    return [_row(workload, name, group) for (workload, name), group in groups.items()]


def _row(workload: str, contestant: str, group: Sequence[Sample]) -> dict[str, Any]:
    latencies = [each for sample in group for each in sample.latencies]
    return {
        "workload": workload,
        "contestant": contestant,
        "cpu_ms": spread([sample.cpu_ms for sample in group]),
        "front_cpu_ms": spread([sample.front_cpu_ms for sample in group]),
        "per_second": spread([len(sample.latencies) / sample.seconds for sample in group]),
        "p50_ms": percentile(latencies, 0.5),
        "p99_ms": percentile(latencies, 0.99),
        "requests": sum(sample.requests for sample in group),
        "failures": [failure for sample in group for failure in sample.failures],
    }


def ratios(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return ours against each of the others, in CPU per request, paired round by round."""
    cpu = {(each.workload, each.contestant, each.round): each.cpu_ms for each in samples}
    found = []
    for workload in dict.fromkeys(each.workload for each in samples):
        for peer in (BEANIE, DRF, FLOOR):
            pairs = [
                cpu[workload, OURS, number] / value
                for (load, name, number), value in cpu.items()
                if (load, name) == (workload, peer) and (workload, OURS, number) in cpu
            ]
            if pairs:
                aim = AIMS.get((workload, peer))
                ratio = spread(pairs)
                found.append({"workload": workload, "peer": peer, "ratio": ratio, "aim": aim})
    return found


def show(samples: Sequence[Sample], *, title: str, console: Console) -> None:
    """Print the two tables."""
    console.print(_measurements(samples, title=title))
    console.print(_comparison(samples))
    for row in rows(samples):
        for failure in row["failures"][:3]:
            console.print(f"failed: {row['workload']}, {row['contestant']}: {failure}", style="red")


def _measurements(samples: Sequence[Sample], *, title: str) -> Table:
    table = Table(title=title, caption="median (least-most) over the rounds; latencies of all")
    for heading in ("workload", "server"):
        table.add_column(heading)
    for heading in ("CPU ms", "nginx CPU ms", "requests/s", "p50 ms", "p99 ms", "failed"):
        table.add_column(heading, justify="right")
    last = None
    for row in sorted(rows(samples), key=lambda each: _order(samples, each["workload"])):
        if last not in (None, row["workload"]):
            table.add_section()
        last = row["workload"]
        front = row["front_cpu_ms"]
        table.add_row(
            *(row["workload"], row["contestant"], str(row["cpu_ms"])),
            *(str(front) if front.most else "", f"{row['per_second'].median:,.0f}"),
            *(f"{row['p50_ms']:.1f}", f"{row['p99_ms']:.1f}", str(len(row["failures"]))),
        )
    return table


def _order(samples: Sequence[Sample], workload: str) -> int:
    return list(dict.fromkeys(each.workload for each in samples)).index(workload)


def _comparison(samples: Sequence[Sample]) -> Table:
    table = Table(title="CPU per request, ours over the other's", caption="paired by round")
    for heading in ("workload", "against"):
        table.add_column(heading)
    for heading in ("ratio", "aim at most", ""):
        table.add_column(heading, justify="right")
    for each in ratios(samples):
        aim, ratio = each["aim"], each["ratio"]
        verdict = "" if aim is None else ("met" if ratio.median <= aim else "missed")
        table.add_row(each["workload"], each["peer"], str(ratio), f"{aim or ''}", verdict)
    return table
