"""The domain's own metrics (Prometheus)."""

from prometheus_client import Counter, Gauge

CONVERSATIONS_CREATED = Counter(
    "conversations_created_total", "Conversations created by this process."
)
ACTIVE_CONVERSATIONS = Gauge(
    "active_conversations_total",
    "Conversations with status active, as counted some seconds ago.",
    multiprocess_mode="livemostrecent",
)
