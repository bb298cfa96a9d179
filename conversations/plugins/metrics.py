"""What plugins do, and what had to be done about it, for Prometheus."""

from typing import Literal, get_args

from prometheus_client import Counter, Histogram

Outcome = Literal["ok", "failed", "invalid", "late", "busy", "paused", "dropped"]
"""invalid: what it returned was not taken. late: nobody waited any longer. Not called at all: busy,
too many calls are under way; paused, it was late too often; dropped, too many events wait."""

CALLS = Counter(
    "plugin_calls_total", "Calls of plugins, by what came of them.", ["plugin", "hook", "outcome"]
)
SECONDS = Histogram(
    "plugin_call_duration_seconds",
    "Time that a plugin took, whether or not anybody waited for it.",
    ["plugin", "hook"],
    buckets=(0.0001, 0.001, 0.005, 0.025, 0.1, 0.25, 1, 5, 30),
)


def hook_named(*, plugin: str, hook: str) -> None:
    """Show a plugin's hook at 0 from the start: Prometheus sees no increase where was nothing."""
    for outcome in get_args(Outcome):
        CALLS.labels(plugin, hook, outcome)
    SECONDS.labels(plugin, hook)
