"""The end of a job, whichever."""

from datetime import datetime
from typing import Any

from conversations.job import JobState
from conversations.metrics import JOBS_FINISHED
from conversations.repository import jobs
from conversations.repository.database import Document
from conversations.services.jobs.kinds import KINDS

PRIVATE_FIELDS = ("arguments", "cursor", "actor", "trace_id")


def end(job: Document, *, state: JobState, now: datetime, **fields: Any) -> Document | None:
    """End a job as it is held; returns it, or None if someone else has taken it since."""
    ended = {**fields, "state": state.value, "finished_at": now}
    # A kind of a newer version may be private too.
    is_private = job["kind"] not in KINDS or KINDS[job["kind"]].private
    if not jobs.finish(job, ended, forget=PRIVATE_FIELDS if is_private else ()):
        return None
    JOBS_FINISHED.labels(job["kind"], state.value).inc()
    return {**job, **ended}
