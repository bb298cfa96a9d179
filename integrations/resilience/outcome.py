"""How one attempt can end without a reply, in the words the protections share."""

from integrations.errors import Reason


class AttemptFailed(Exception):
    """No usable answer, by the fault of the upstream or of the network. Worth another attempt.

    `retry_after` is the number of seconds the upstream asked for, if it did.
    """

    def __init__(self, *, reason: Reason, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.retry_after = retry_after


class Inconclusive(Exception):
    """Ended by a limit of our own: says nothing about the upstream, and is not tried again."""

    reason: Reason


class CutShort(Inconclusive):
    """The caller's deadline came before the time that an attempt is allowed was up."""

    reason = "deadline"


class BulkheadFull(Inconclusive):
    """No slot came free within the time a caller may wait for one."""

    reason = "bulkhead_full"


class BreakerOpen(Exception):
    """The upstream is not asked now; `retry_after` is in seconds."""

    def __init__(self, *, retry_after: int) -> None:
        super().__init__("breaker open")
        self.retry_after = retry_after
