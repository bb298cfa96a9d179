"""What Celery's beat sends, and how often. Beat may run twice: every task here bears that.

A message expires when the next one is due: a worker that was away finds one of each, not a day's.
"""

from typing import Any


def every(seconds: float, task: str) -> dict[str, Any]:
    """Return the entry of a task that beat sends every so many seconds."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {}
