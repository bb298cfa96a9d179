"""What docker/ tells Prometheus and Grafana, and what docs/observability.md says of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.promql import metrics_in

ROOT = Path(__file__).resolve().parents[1]
ALERTS = ROOT / "docker" / "prometheus" / "alerts.yml"
DASHBOARDS = sorted((ROOT / "docker" / "grafana" / "dashboards").glob("*.json"))
PAGE = ROOT / "docs" / "observability.md"
_ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|", re.MULTILINE)


def rules() -> list[dict[str, Any]]:
    """Return the rules that record and those that alarm."""
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """Return the rules that alarm."""
    return [rule for rule in rules() if "alert" in rule]


def panels(dashboard: Path) -> list[dict[str, Any]]:
    """Return the panels of a dashboard that are no headings."""
    found = json.loads(dashboard.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    """Yield every expression of rules and panels."""
    for rule in rules():
        yield rule["expr"]
    for dashboard in DASHBOARDS:
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield target["expr"]


def named_metrics() -> set[str]:
    """Return the metrics that rules and panels read, those that the rules record left out."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    return {name for each in expressions() for name in metrics_in(each)} - recorded


def documented_metrics() -> dict[str, str]:
    """Return the metrics of the page's table, with their types."""
    return dict(_ROW.findall(PAGE.read_text()))
