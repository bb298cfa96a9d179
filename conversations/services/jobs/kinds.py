"""Every kind of job, by its name."""

from conversations.services import erasure
from conversations.services.jobs.step import Kind

KINDS: dict[str, Kind] = {
    erasure.KIND: Kind(step=erasure.step, private=True),
}
