"""The reader of expressions, on which other tests rely."""

import pytest

from tests.promql import metrics_in


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("max(outbox_parked) > 0", {"outbox_parked"}),
        ('sum by (kind) (increase(a_total{state="failed"}[15m])) > 0', {"a_total"}),
        ('absent(up{job=~".*web"} == 1)', {"up"}),
        ("a:ratio:5m > 14.4 * 0.001 and on (x) b_1", {"a:ratio:5m", "b_1"}),
        ("1 - sum(rate(a_bucket[5m])) / sum(rate(a_count[5m]))", {"a_bucket", "a_count"}),
        ("min_over_time(max(a)[1h:1m]) > 0", {"a"}),
    ],
)
def test_it_finds_the_metrics(expression: str, names: set[str]) -> None:
    """And neither functions, labels nor numbers."""
    assert metrics_in(expression) == names
