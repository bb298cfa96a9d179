"""Jobs, in the workers: each message is one slice of one job."""

from collections.abc import Iterable

from bson import ObjectId

from conversations import dependencies
from conversations.services.jobs.due import send_due_jobs
from conversations.services.jobs.run import RUN_LIMIT, run_slice
from conversations.tasks.bounded import background_task

EXPIRES = 10.0  # seconds after which a message is of no use: another look has sent a newer one


@background_task(name="jobs.run_slice", seconds=RUN_LIMIT)
def run_job_slice(job_id: str) -> None:
    """Work on a job for some seconds, and leave the rest to the next message."""
    if run_slice(job_id=ObjectId(job_id), clock=dependencies.get().clock):
        dependencies.get().run_job(job_id)


@background_task(name="jobs.send_due", seconds=5.0)
def send_jobs_that_are_due() -> None:
    """Send again what lost its message or its worker."""
    send_due_jobs(now=dependencies.get().clock())


def send_jobs(job_ids: Iterable[str]) -> None:
    """Ask the workers to go on with jobs. Raises what the broker's driver raises."""
    for job_id in job_ids:
        run_job_slice.apply_async((job_id,), expires=EXPIRES)
