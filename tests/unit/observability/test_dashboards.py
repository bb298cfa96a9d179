"""docker/grafana: dashboards that Grafana can take as they are."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observed import DASHBOARDS, ROOT, panels

PROVISIONING = ROOT / "docker" / "grafana" / "provisioning"
WIDTH = 24

of_each = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "w"), ("y", "h"))
    )


@of_each
def test_it_asks_the_source_that_is_provisioned(dashboard: Path) -> None:
    """By the uid that docker/grafana/provisioning gives it."""
    sources = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text())
    provisioned = {source["uid"] for source in sources["datasources"]}
    for panel in panels(dashboard):
        asked = {
            panel["datasource"]["uid"],
            *(each["datasource"]["uid"] for each in panel["targets"]),
        }
        assert asked <= provisioned, panel["title"]


@of_each
def test_its_panels_have_places_of_their_own(dashboard: Path) -> None:
    """Ids as well; none lies on another or beyond the edge."""
    found: list[dict[str, Any]] = json.loads(dashboard.read_text())["panels"]
    assert len({panel["id"] for panel in found}) == len(found)
    places = [panel["gridPos"] for panel in found]
    assert all(place["x"] + place["w"] <= WIDTH for place in places)
    assert not [pair for pair in combinations(places, 2) if overlap(*pair)]


def test_there_is_one() -> None:
    """The folder that Grafana reads is not empty."""
    assert [path.name for path in DASHBOARDS] == ["conversation-service.json"]
