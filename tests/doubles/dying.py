"""Work that dies in the middle: right after one of its writes to the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from pymongo.collection import Collection

WRITES = (
    "insert_one",
    "insert_many",
    "update_one",
    "update_many",
    "delete_one",
    "delete_many",
    "find_one_and_update",
    "bulk_write",
)


class Died(BaseException):
    """The process is gone: nothing in the code under test may catch this."""


@contextmanager
def dying_after(writes: int) -> Iterator[None]:
    """Raise Died as soon as so many writes have been done."""
    left = [writes]

    def then_die(write: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(write)
        def dying(*args: Any, **kwargs: Any) -> Any:
            result = write(*args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                raise Died
            return result

        return dying

    with pytest.MonkeyPatch.context() as patch:
        for name in WRITES:
            patch.setattr(Collection, name, then_die(getattr(Collection, name)))
        yield


def dies(work: Callable[[], Any], *, after: int) -> bool:
    """Do the work; returns whether it died before its end, after so many writes."""
    try:
        with dying_after(after):
            work()
    except Died:
        return True
    return False
