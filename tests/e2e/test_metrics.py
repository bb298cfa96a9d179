"""/metrics against what is read from it, and what is written about it."""

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from conversations.api.problems import CATALOGUE
from tests.e2e.live import LiveService
from tests.observed import documented_metrics, named_metrics

OF_PROMETHEUS = {"up"}  # it makes that one itself
OF_WORKERS = {"jobs_unfinished"}  # counted there; test_tracing.py has a worker
# There is none before the first: of a failed call, of a report of the analytics plugin.
AFTER_THE_FIRST = {
    "conversation_analytics_reports_total",
    "upstream_last_failure_timestamp_seconds",
}


@pytest.fixture(scope="module")
def families(service: LiveService) -> list[Metric]:
    """Return what a service tells that has answered one request."""
    service.get("/api/v1/conversations", token=service.token("watched"))
    return list(text_string_to_metric_families(service.get("/metrics").text))


def name_of(family: Metric) -> str:
    """Return the name as the code has it: the parser takes the end off a counter's."""
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_it_has_all_that_rules_and_panels_read(families: list[Metric]) -> None:
    """From the start: an alert on what is not there is silent for ever."""
    told = {sample.name for family in families for sample in family.samples}
    assert named_metrics() - told - OF_PROMETHEUS - OF_WORKERS == set()


def test_the_first_failure_of_an_endpoint_is_an_increase(families: list[Metric]) -> None:
    """Whatever 5xx it is: it is counted at 0 already, since the endpoint answers."""
    [requests] = [each for each in families if name_of(each) == "conversation_requests_total"]
    failures = {str(each.status) for each in CATALOGUE.values() if each.status >= 500}
    endpoint = {"method": "GET", "endpoint": "/api/v1/conversations"}
    told = {
        sample.labels["status"]: sample.value
        for sample in requests.samples
        if sample.labels.items() >= endpoint.items()
    }
    assert {status: told.get(status) for status in failures} == dict.fromkeys(failures, 0.0)


def test_all_of_it_is_documented(families: list[Metric]) -> None:
    """With its type; and the page has no metric that is not there."""
    told = {name_of(family): family.type for family in families}
    documented = documented_metrics()
    assert {name: documented.get(name) for name in told} == told
    assert set(documented) - set(told) <= AFTER_THE_FIRST | OF_WORKERS


def test_every_label_is_bounded(families: list[Metric]) -> None:
    """None holds an id, a path or anything else that a caller sent."""
    for family in families:
        for sample in family.samples:
            assert "watched" not in sample.labels.values()
        values = {tuple(sorted(sample.labels.items())) for sample in family.samples}
        assert len(values) < 500, family.name
