"""Jobs whose message was lost, or whose worker died: found and sent again."""

from datetime import datetime

from conversations import dependencies
from conversations.metrics import JOBS_UNFINISHED
from conversations.repository import jobs

AT_ONCE = 100


def send_due_jobs(*, now: datetime) -> None:
    """Send the jobs that nobody holds to the workers, the longest waiting first."""
    run_job = dependencies.get().run_job
    for job_id in jobs.due(now=now, limit=AT_ONCE):
        run_job(str(job_id))
    JOBS_UNFINISHED.set(jobs.count_unfinished())
