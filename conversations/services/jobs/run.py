"""Carrying a job out: slice by slice, so that it holds no worker and survives any of them.

Who works on a job holds a lease and the fence that came with it (docs/decisions/jobs.md). Each
batch ends with one write that saves its progress, bound to the fence: whoever has lost the job
cannot write to it any more, and a batch that was not saved is repeated by the next.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pymongo
import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from conversations.caller import Caller
from conversations.errors import TooContended
from conversations.job import FINISHED, MOST_ERRORS, JobState, job_error
from conversations.repository import jobs
from conversations.repository.database import Document
from conversations.services.jobs.end import end
from conversations.services.jobs.kinds import KINDS
from conversations.services.jobs.step import JobFailed, Step, Work
from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline

SLICE = 5.0  # seconds of batches, then others' jobs have their turn
BATCH_LIMIT = 10.0  # seconds that the operations of one batch may take
RUN_LIMIT = 20.0  # seconds of a slice in all; ends before its lease does
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 6  # slices in a row without progress
TRANSIENT = (PyMongoError, TooContended, UpstreamUnavailable)

Clock = Callable[[], datetime]
log = structlog.get_logger(__name__)


def run_slice(*, job_id: ObjectId, clock: Clock) -> bool:
    """Work on a job for some seconds; returns whether it can go on at once.

    Does nothing if there is no such job, it has ended, or someone else holds it. Raises
    PyMongoError when the database is away: the lease runs out then.
    """
    job = _taken(job_id, now=clock())
    ends = time.monotonic() + SLICE
    while job is not None:
        if job["state"] == JobState.CANCELLING:
            seen = {"progress": job["progress"], "errors": job["errors"]}
            end(job, state=JobState.CANCELLED, now=clock(), **seen)
            return False
        step = _batch(job, clock=clock)
        if step is None:
            return False
        if step.result is not None:
            seen = {**_outcome(job, step), "result": step.result}
            end(job, state=JobState.SUCCEEDED, now=clock(), **seen)
            return False
        is_last = time.monotonic() >= ends
        job = _saved(job, step, leased_until=clock() if is_last else clock() + LEASE)
        if is_last:
            return job is not None
    return False


def _taken(job_id: ObjectId, *, now: datetime) -> Document | None:
    """Take the lease of a job that is due, and with it the fence."""
    job = jobs.find(job_id)
    if job is None or job["state"] in FINISHED or job["leased_until"] > now:
        return None
    if job["kind"] not in KINDS:
        log.error("unknown kind of job", kind=job["kind"], job_id=str(job_id))
        return None
    begun = JobState.RUNNING if job["state"] == JobState.QUEUED else JobState(job["state"])
    fields = {"state": begun.value, "leased_until": now + LEASE, "attempts": job["attempts"] + 1}
    if not jobs.take(job, fields):
        return None
    job = {**job, **fields, "fence": job["fence"] + 1}
    if job["attempts"] > MOST_ATTEMPTS:
        _fail(job, code="no_progress", detail="Its workers died, again and again.", now=now)
        return None
    return job


def _batch(job: Document, *, clock: Clock) -> Step | None:
    """Carry out one batch; None if it could not be, which is written to the job."""
    try:
        with pymongo.timeout(BATCH_LIMIT):
            return KINDS[job["kind"]].step(_work(job, now=clock()))
    except TRANSIENT as error:
        _postpone(job, reason=type(error).__name__, now=clock())
    except JobFailed as failure:
        _fail(job, code=failure.code, detail=failure.detail, now=clock())
    # Whatever it is, the job must not stay as if it were running.
    except Exception as error:  # noqa: BLE001  # _fail logs it
        detail = "Something went wrong here; the log tells more under this job's id."
        _fail(job, code="internal_error", detail=detail, now=clock(), cause=error)
    return None


def _work(job: Document, *, now: datetime) -> Work:
    caller = Caller(
        actor=job["actor"],
        owner=job["owner"],
        trace_id=job["trace_id"],
        deadline=Deadline.after(BATCH_LIMIT),
    )
    return Work(
        job_id=job["_id"],
        arguments=job["arguments"],
        cursor=job["cursor"],
        done=job["progress"]["done"],
        total=job["progress"]["total"],
        caller=caller,
        now=now,
    )


def _saved(job: Document, step: Step, *, leased_until: datetime) -> Document | None:
    """Save a batch; returns the job as it is now, or None if someone else has taken it."""
    fields = {**_outcome(job, step), "cursor": step.cursor, "attempts": 0}
    if jobs.change(job, {**fields, "leased_until": leased_until}):
        return {**job, **fields}
    now = jobs.find(job["_id"])
    if now is not None and now["fence"] == job["fence"] and now["state"] == JobState.CANCELLING:
        return {**job, **fields, "state": now["state"]}
    log.info("job lost to another worker", kind=job["kind"], job_id=str(job["_id"]))
    return None


def _outcome(job: Document, step: Step) -> dict[str, Any]:
    """Return what outsiders see of a job after a batch."""
    return {
        "progress": {"done": step.done, "total": step.total},
        "errors": [*job["errors"], *step.errors][:MOST_ERRORS],
    }


def _postpone(job: Document, *, reason: str, now: datetime) -> None:
    """Let the job be tried again later; give it up where that has been in vain too often."""
    log.warning("job postponed", kind=job["kind"], job_id=str(job["_id"]), reason=reason)
    if job["attempts"] >= MOST_ATTEMPTS:
        detail = f"Gave up after {MOST_ATTEMPTS} attempts without progress; the last: {reason}."
        _fail(job, code="gave_up", detail=detail, now=now)
        return
    pause = timedelta(seconds=2 ** job["attempts"])
    jobs.change(job, {"leased_until": now + pause})


def _fail(
    job: Document, *, code: str, detail: str, now: datetime, cause: Exception | None = None
) -> None:
    """End a job as failed; the log says so too, for not every process has metrics that are read."""
    log.error("job failed", kind=job["kind"], job_id=str(job["_id"]), code=code, exc_info=cause)
    errors = [job_error(code=code, detail=detail), *job["errors"]][:MOST_ERRORS]
    end(job, state=JobState.FAILED, now=now, errors=errors)
