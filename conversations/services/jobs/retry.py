"""Starting a job again that failed."""

from datetime import datetime

from bson import ObjectId

from conversations import dependencies
from conversations.errors import StateConflict
from conversations.job import JobState
from conversations.repository import jobs
from conversations.repository.database import Document
from conversations.services.jobs.kinds import KINDS
from conversations.services.jobs.read import get_job


def retry_job(*, job_id: ObjectId, owner: str | None, now: datetime) -> Document:
    """Queue a failed job again; it goes on from where it came to.

    `owner` None means whoever's. Raises StateConflict if it has not failed or nothing is kept of
    it, and what get_job raises.
    """
    job = get_job(job_id=job_id, owner=owner)
    fields = {
        "state": JobState.QUEUED.value,
        "attempts": 0,
        "errors": [],
        "leased_until": now,
        "finished_at": None,
    }
    retryable = job["state"] == JobState.FAILED and not KINDS[job["kind"]].private
    if not retryable or not jobs.take(job, fields):
        raise StateConflict(what="job", action="retry", status=job["state"])
    dependencies.get().run_job(str(job_id))
    return {**job, **fields}
