"""How a query that takes too long is told from a database that does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
from pymongo.errors import ExecutionTimeout, NetworkTimeout, PyMongoError

from conversations.errors import QueryTooBroad
from conversations.repository.database import ping
from integrations.resilience.deadline import Deadline

SHARE = 0.8  # of what is left of the request's time; the rest is for finding out why
PATIENCE = 1.0  # seconds that a database which works may take to answer a ping


@contextmanager
def reading_at_most(seconds: float, *, deadline: Deadline) -> Iterator[None]:
    """Bound the reads of the block, by the request's deadline too.

    Raises QueryTooBroad when the time is over and the database answers others. Inside a timeout
    PyMongo stops waiting at the very moment at which the server is told to stop working, so
    whether the server's own error (ExecutionTimeout) is heard in time is chance.
    """
    limit = min(seconds, deadline.remaining() * SHARE)
    try:
        with pymongo.timeout(max(limit, 0.001)):  # 0 would be no limit
            yield
    except ExecutionTimeout:
        raise QueryTooBroad from None
    except NetworkTimeout:
        if _database_answers():
            raise QueryTooBroad from None
        raise


def _database_answers() -> bool:
    try:
        with pymongo.timeout(PATIENCE):
            ping()
    except PyMongoError:
        return False
    return True
