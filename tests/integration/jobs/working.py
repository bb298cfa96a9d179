"""Jobs put in, worked on and looked at, without a worker or a wait."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from conversations.caller import system_caller
from conversations.dependencies import utc_now
from conversations.repository.database import Document, collection
from conversations.services.jobs.run import run_slice
from conversations.services.jobs.start import start_job
from tests.doubles import counting_job

OVER = timedelta(hours=1)


def start(owner: str, *, to: int = 3, **arguments: Any) -> ObjectId:
    """Start a job that counts."""
    job = start_job(
        kind=counting_job.KIND,
        arguments={"to": to, **arguments},
        caller=system_caller(actor=owner, owner=owner, seconds=10),
        now=utc_now(),
    )
    return ObjectId(job["_id"])


def stored_job(job_id: object) -> Document:
    """Return a job as it is in the database."""
    job = collection("jobs").find_one({"_id": ObjectId(str(job_id))})
    assert job is not None
    return job


def let_the_lease_run_out(job_id: object) -> None:
    """Do what half a minute does."""
    collection("jobs").update_one(
        {"_id": ObjectId(str(job_id)), "leased_until": {"$exists": True}},
        {"$set": {"leased_until": utc_now() - OVER}},
    )


def work(job_id: object) -> Document:
    """Work on a job as long as it can go on at once, and return it."""
    while run_slice(job_id=ObjectId(str(job_id)), clock=utc_now):
        pass
    return stored_job(job_id)
