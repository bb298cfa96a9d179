"""What a kind of job is: a function that does one bounded batch, and can repeat it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations.caller import Caller
from conversations.repository.database import Document


class JobFailed(Exception):
    """The job cannot go on; `code` and `detail` become its error."""

    def __init__(self, *, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a batch is told.

    `cursor` is what the batch before returned, None for the first; `done` and `total` (None while
    unknown) are the job's progress so far. `caller` acts for the job's owner, and its deadline is
    the batch's.
    """

    job_id: ObjectId
    arguments: dict[str, Any]
    cursor: Any
    done: int
    total: int | None
    caller: Caller
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What a batch returns: where the next one goes on, and the progress of the whole job.

    The batch is repeated when its worker dies before this is saved. `errors` are those of single
    items, made by job.job_error. With `result` the job has succeeded.
    """

    cursor: Any = None
    done: int
    total: int | None
    errors: Sequence[Document] = ()
    result: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of job.

    `step` may raise JobFailed. Of a `private` one nothing is kept but its progress and result
    when it ends, so it cannot be retried.
    """

    step: Callable[[Work], Step]
    private: bool = False
