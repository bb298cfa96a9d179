"""The domain's own metrics (Prometheus)."""

from prometheus_client import Counter, Gauge

CONVERSATIONS_CREATED = Counter(
    "conversations_created_total", "Conversations created by this process."
)
JOBS_FINISHED = Counter(
    "jobs_finished_total", "Jobs that this process brought to their end.", ["kind", "state"]
)
JOBS_UNFINISHED = Gauge(
    "jobs_unfinished",
    "Jobs queued, running or being cancelled, as counted some seconds ago.",
    multiprocess_mode="livemostrecent",
)
ACTIVE_CONVERSATIONS = Gauge(
    "active_conversations_total",
    "Conversations with status active, as counted some seconds ago.",
    multiprocess_mode="livemostrecent",
)
OUTBOX_PENDING = Gauge(
    "outbox_pending",
    "Events in documents and in the log that the broker does not have, those parked left out.",
    multiprocess_mode="livemostrecent",
)
OUTBOX_OLDEST = Gauge(
    "outbox_oldest_seconds",
    "Age of the oldest of these events; 0 when there is none.",
    multiprocess_mode="livemostrecent",
)
OUTBOX_PARKED = Gauge(
    "outbox_parked",
    "Events that the broker refused, with those behind them.",
    multiprocess_mode="livemostrecent",
)
EVENTS_PUBLISHED = Counter("events_published_total", "Events that the broker confirmed.")
EVENTS_RETRIED = Counter(
    "events_retried_total", "Events sent without an answer, and so to be sent again."
)
EVENTS_PARKED = Counter(
    "events_parked_total", "Events parked: refused by the broker, or behind one that was."
)
FEED_WAITING = Gauge(
    "feed_waiting",
    "Requests that wait for events, which each process bounds.",
    multiprocess_mode="livesum",
)
RATE_LIMIT_CHECKS = Counter(
    "rate_limit_checks_total",
    "Requests held against RATE_LIMIT: allowed, refused, or unchecked as Redis is away.",
    ["outcome"],
)
CLEANED_UP = Counter(
    "cleaned_up_total",
    "Conversations purged as due, rows of the log deleted for age or an erasure, orphans mended.",
    ["kind"],
)
# At 0 from the start: Prometheus sees no increase where there was nothing before.
for _kind in ("trash", "expired", "log", "erased", "shell", "events", "content"):
    CLEANED_UP.labels(_kind)
for _outcome in ("allowed", "refused", "unchecked"):
    RATE_LIMIT_CHECKS.labels(_outcome)
