"""Every kind of job, by its name."""

from conversations.job import JobState
from conversations.metrics import JOBS_FINISHED
from conversations.services import erasure
from conversations.services.jobs.step import Kind

KINDS: dict[str, Kind] = {
    erasure.KIND: Kind(step=erasure.step, private=True),
}
# At 0 from the start: Prometheus sees no increase where there was nothing before.
for _kind in KINDS:
    for _state in (JobState.CANCELLED, JobState.SUCCEEDED, JobState.FAILED):
        JOBS_FINISHED.labels(_kind, _state.value)
