"""Who asks, on whose behalf, in which request."""

import uuid
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


def system_caller(*, actor: str, owner: str, seconds: float) -> Caller:
    """Return the caller of work that the service does by itself, such as `system:cleanup`.

    `seconds` is how long one use case may take.
    """
    return Caller(
        actor=actor, owner=owner, trace_id=uuid.uuid4().hex, deadline=Deadline.after(seconds)
    )


def admin_actor(username: str) -> str:
    """Return how a member of the staff is called in events and records."""
    return f"admin:{username}"
