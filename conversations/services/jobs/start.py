"""Starting a job."""

from datetime import datetime
from typing import Any

from conversations import dependencies
from conversations.caller import Caller
from conversations.job import new_job
from conversations.repository import jobs
from conversations.repository.database import Document


def start_job(
    *,
    kind: str,
    arguments: dict[str, Any],
    caller: Caller,
    now: datetime,
    exclusive: str | None = None,
) -> Document:
    """Queue a job for the caller's owner and return it; with `exclusive`, at most one of a time.

    While an unfinished job has the same `exclusive`, that one is returned instead.
    """
    job = new_job(
        kind=kind,
        owner=caller.owner,
        actor=caller.actor,
        trace_id=caller.trace_id,
        arguments=arguments,
        exclusive=exclusive,
        now=now,
    )
    while not jobs.insert(job):
        found = exclusive and jobs.find_exclusive(exclusive)
        if found:
            return found
    dependencies.get().run_job(str(job["_id"]))
    return job
