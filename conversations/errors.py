"""What can go wrong in the domain, without a word of HTTP: api/errors.py maps it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong with the input.

    `path` leads to the member of the body; or `parameter` or `header` names where it came from.
    `code` is stable and snake_case; `detail` never echoes the value.
    """

    code: str
    detail: str
    path: tuple[str | int, ...] = ()
    parameter: str | None = None
    header: str | None = None


class ConversationError(Exception):
    """The root of every error of this package. `detail` is written for the caller."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidInput(ConversationError):
    """The input breaks one rule or more; nothing was changed."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("The request is not valid; see errors.")
        self.faults = tuple(faults)


class ConversationNotFound(ConversationError):
    """No such conversation is to be seen: it never was, is purged, or has expired."""

    def __init__(self) -> None:
        super().__init__("There is no such conversation.")


class NotTheOwner(ConversationError):
    """The conversation, or `what` it is, belongs to someone else."""

    def __init__(self, what: str = "conversation") -> None:
        super().__init__(f"This {what} belongs to another user.")


class JobNotFound(ConversationError):
    """No such job: it never was, or ended so long ago that it is forgotten."""

    def __init__(self) -> None:
        super().__init__("There is no such job.")


class StateConflict(ConversationError):
    """The state of the conversation, or of `what` it is, does not allow the action."""

    def __init__(self, *, action: str, status: str, what: str = "conversation") -> None:
        super().__init__(f"Cannot {action} a {what} that is {status}.")
        self.action = action
        self.status = status


class VersionMismatch(ConversationError):
    """The caller's expected version is not the current one. `version` and `activity` are now."""

    def __init__(self, *, version: int, activity: int) -> None:
        super().__init__("The conversation has changed since the version in If-Match.")
        self.version = version
        self.activity = activity


class CharacterUnknown(ConversationError):
    """The Characters Service knows no such character."""

    def __init__(self) -> None:
        super().__init__("There is no character with this character_id.")


class KeyReused(ConversationError):
    """An Idempotency-Key came again with another body."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used with another body.")


class KeyInUse(ConversationError):
    """The first request with this Idempotency-Key is still under way."""

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still under way.")


class TooContended(ConversationError):
    """Others kept changing the conversation until the time for this request ran out."""

    def __init__(self) -> None:
        super().__init__("The conversation is being changed by too many requests at once.")


class FeatureDisabled(ConversationError):
    """The feature that this needs is switched off; `flag` is its name."""

    def __init__(self, flag: str) -> None:
        super().__init__(f"The feature {flag.removeprefix('enable_')} is switched off.")
        self.flag = flag


class TooManyExports(ConversationError):
    """As many exports as one process streams at a time are under way."""

    def __init__(self) -> None:
        super().__init__("Other exports are under way; try again in a while.")


class QueryTooBroad(ConversationError):
    """The filters would read more rows than the time limit allows."""

    def __init__(self) -> None:
        super().__init__("This combination of filters reads too many rows; narrow it.")


class FeedPositionExpired(ConversationError):
    """What followed a place in the feed is not kept any more, or there never was such a place."""

    def __init__(self) -> None:
        super().__init__("The events after this position are not kept any more.")


class NotSetUp(ConversationError):
    """The database lacks unique indexes, without which its data would not stay whole."""

    def __init__(self, indexes: Sequence[str]) -> None:
        names = ", ".join(indexes)
        super().__init__(f"The database lacks what `manage.py setup_indexes` creates: {names}.")
