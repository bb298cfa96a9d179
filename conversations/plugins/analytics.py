"""Counting what becomes of conversations, without knowing whose they are."""

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass

import structlog
from prometheus_client import Counter

from conversations.flags import Flag
from conversations.plugins.specs import Event, Metadata, hookimpl

REPORTS = Counter(
    "conversation_analytics_reports_total", "Changes reported for analytics.", ["event_type"]
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One change. `analytics_id` is None for conversations from before, and after a purge."""

    analytics_id: str | None
    event_type: str
    changed: list[str]


def log_report(report: Report) -> None:
    """Write a report as a line of the log."""
    log.info("conversation analytics", **asdict(report))


class AnalyticsPlugin:
    """Gives new conversations a random `analytics_id`, and reports each change with it.

    It is always registered, and does nothing unless its flag is on.
    """

    flag = Flag.CONVERSATION_ANALYTICS

    def __init__(self, *, report: Callable[[Report], None] = log_report) -> None:
        self._report = report

    @hookimpl
    def before_create(self) -> Metadata:
        """Return the id: random, so that it says nothing of the user."""
        return {"analytics_id": uuid.uuid4().hex}

    @hookimpl
    def after_change(self, event: Event) -> None:
        """Report a change: neither content nor who made it."""
        data = event["data"]
        REPORTS.labels(event["event_type"]).inc()
        self._report(
            Report(
                analytics_id=data["metadata"].get("analytics_id") if data else None,
                event_type=event["event_type"],
                changed=event["changed"],
            )
        )
