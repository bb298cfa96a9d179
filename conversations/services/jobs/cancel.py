"""Cancelling a job."""

from datetime import datetime

from bson import ObjectId

from conversations.errors import StateConflict
from conversations.job import JobState
from conversations.repository import jobs
from conversations.repository.database import Document
from conversations.services.jobs.end import end
from conversations.services.jobs.read import get_job


def cancel_job(*, job_id: ObjectId, owner: str | None, now: datetime) -> Document:
    """Ask a job to end, and return it: cancelled if it had not begun, else soon.

    A batch under way is finished first; a job whose last batch that was succeeds all the same.
    One that is cancelled already stays as it is. Raises StateConflict if it has succeeded or
    failed, and what get_job raises.
    """
    while True:
        job = get_job(job_id=job_id, owner=owner)
        state = JobState(job["state"])
        if state in (JobState.CANCELLING, JobState.CANCELLED):
            return job
        if state in (JobState.SUCCEEDED, JobState.FAILED):
            raise StateConflict(what="job", action="cancel", status=state)
        asked = _end_unbegun if state is JobState.QUEUED else _ask
        changed = asked(job, now)
        if changed is not None:
            return changed


def _end_unbegun(job: Document, now: datetime) -> Document | None:
    return end(job, state=JobState.CANCELLED, now=now)


def _ask(job: Document, _now: datetime) -> Document | None:
    fields = {"state": JobState.CANCELLING.value}
    return {**job, **fields} if jobs.change(job, fields) else None
