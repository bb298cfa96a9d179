"""Showing jobs: one, or a page of them."""

from typing import Any

from bson import ObjectId

from conversations.caller import Caller
from conversations.errors import JobNotFound, NotTheOwner
from conversations.repository import jobs
from conversations.repository.database import Document
from conversations.repository.listing import Position, Slice
from conversations.repository.time_limits import reading_at_most
from conversations.services.read import LIST_TIME_LIMIT


def get_job(*, job_id: ObjectId, owner: str | None) -> Document:
    """Return a job; `owner` None means whoever's. Raises JobNotFound, NotTheOwner."""
    job = jobs.find(job_id)
    if job is None:
        raise JobNotFound
    if owner is not None and job["owner"] != owner:
        raise NotTheOwner("job")
    return job


def list_jobs(
    *, filters: dict[str, Any], position: Position | None, limit: int, caller: Caller
) -> Slice:
    """Return the owner's jobs from `position` on, the newest first; raises QueryTooBroad."""
    with reading_at_most(LIST_TIME_LIMIT, deadline=caller.deadline):
        return jobs.read_slice(owner=caller.owner, filters=filters, position=position, limit=limit)
