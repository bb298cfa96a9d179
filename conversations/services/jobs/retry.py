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


def can_retry(kind: str) -> bool:
    """Whether enough is kept of a failed job of this kind to start it again."""
    return kind in KINDS and not KINDS[kind].private


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
    failed = job["state"] == JobState.FAILED
    if failed and not can_retry(job["kind"]):
        forgotten = "failed, and has forgotten what it was about"
        raise StateConflict(what="job", action="retry", status=forgotten)
    if not failed or not jobs.take(job, fields):
        raise StateConflict(what="job", action="retry", status=job["state"])
    dependencies.get().run_job(str(job_id))
    return {**job, **fields}
