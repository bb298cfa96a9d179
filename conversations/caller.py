"""Who asks, on whose behalf, in which request."""

from dataclasses import dataclass

from integrations.resilience.deadline import Deadline


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The circumstances of one use case.

    `actor` is who acts and stands in the events; `owner` whose conversations are meant: the same,
    but for an admin or a service. `trace_id` ties events and logs to the request. `deadline` is
    when the answer is of no use any more.
    """

    actor: str
    owner: str
    trace_id: str
    deadline: Deadline
