"""A request as the views see it, for type checkers: what the middleware and DRF add to it."""

from rest_framework.request import Request

from conversations.api.principal import Principal
from integrations.resilience.deadline import Deadline


class ApiRequest(Request):
    """A DRF request of an authenticated caller."""

    user: Principal  # type: ignore[assignment]  # callers have no account here
    trace_id: str
    kept_trace_id: str
    deadline: Deadline
    degraded: list[str]
    rate_limit_headers: dict[str, str]
