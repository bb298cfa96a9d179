"""What Celery's beat sends, and how often. Beat may run twice: every task here bears that.

A message expires when the next one is due: a worker that was away finds one of each, not a day's.
"""

from typing import Any


def every(seconds: float, task: str) -> dict[str, Any]:
    """Return the entry of a task that beat sends every so many seconds."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # Expires late, so that clocks a little apart do not make it expire before it arrives.
    "outbox-sweep": {"task": "outbox.sweep", "schedule": 1.0, "options": {"expires": 10.0}},
    "due-jobs": every(5.0, "jobs.send_due"),
    "cleanup-trash": every(60.0, "cleanup.trash"),
    "cleanup-expired": every(60.0, "cleanup.expired"),
    "cleanup-log": every(300.0, "cleanup.log"),
    "cleanup-orphans": every(600.0, "cleanup.orphans"),
    "cleanup-sessions": every(3600.0, "cleanup.sessions"),
}
