"""A job: what is stored of work that goes on behind a request, and what outsiders see of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import ObjectId

from conversations.repository.database import Document
from conversations.representation import optional_timestamp, timestamp

MOST_ERRORS = 100  # kept of one job; the first ones tell what is wrong


class JobState(StrEnum):
    """A job's state, in the order of its life; the last three are for good."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


FINISHED = frozenset({JobState.CANCELLED, JobState.SUCCEEDED, JobState.FAILED})


def new_job(
    *,
    kind: str,
    owner: str,
    actor: str,
    trace_id: str,
    arguments: dict[str, Any],
    exclusive: str | None,
    now: datetime,
) -> Document:
    """Return a queued job. While it is unfinished no other has the same `exclusive`.

    `owner` may see it; `actor` stands in the events of what it does. `fence` counts who has held
    it; `leased_until` is when the next may take it, and is there until the job is finished.
    """
    job = {
        "_id": ObjectId(),
        "kind": kind,
        "owner": owner,
        "actor": actor,
        "trace_id": trace_id,
        "state": JobState.QUEUED.value,
        "arguments": arguments,
        "cursor": None,
        "progress": {"done": 0, "total": None},
        "result": None,
        "errors": [],
        "attempts": 0,
        "fence": 0,
        "leased_until": now,
        "created_at": now,
        "finished_at": None,
    }
    return job if exclusive is None else {**job, "exclusive": exclusive}


def job_error(*, code: str, detail: str, subject: str | None = None) -> dict[str, Any]:
    """Return one entry of a job's errors; `subject` is the id of what it is about, if of one."""
    return {"id": subject, "code": code, "detail": detail}


def represent_job(job: Document) -> dict[str, Any]:
    """Return a job as the API shows it."""
    return {
        "id": str(job["_id"]),
        "kind": job["kind"],
        "state": job["state"],
        "progress": job["progress"],
        "result": job["result"],
        "errors": job["errors"],
        "created_at": timestamp(job["created_at"]),
        "finished_at": optional_timestamp(job["finished_at"]),
    }
