"""How a query that takes too long is told from a database that does not answer."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pymongo
from django.db import connections
from pymongo.errors import NetworkTimeout, PyMongoError

from conversations.errors import QueryTooBroad
from conversations.repository.database import collection
from conversations.repository.indexes import CONVERSATIONS
from integrations.resilience.deadline import Deadline

SHARE = 0.8  # of what is left of the request's time; the rest is for finding out why
SEARCH = 5.0  # seconds for finding a database server while none is known
PATIENCE = 1.0  # seconds that a database which works may take to answer a ping


def within_deadline(deadline: Deadline) -> AbstractContextManager[None]:
    """Bound every database operation of the block, more tightly while no server is known.

    Inside a timeout PyMongo looks for a server until that is over, whatever
    serverSelectionTimeoutMS says: a database that is down would hold every thread for as long as a
    request may take.
    """
    left = deadline.remaining()
    limit = left if _server_is_known() else min(left, SEARCH)
    return pymongo.timeout(max(limit, 0.001))  # 0 would be no limit


def _server_is_known() -> bool:
    # Not by collection(): a thread's first use of it asks the server for its version.
    connection: Any = connections["default"]
    client = connection.connection
    return client is not None and bool(client.topology_description.has_known_servers)


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
    except NetworkTimeout:
        if _database_answers():
            raise QueryTooBroad from None
        raise


def _database_answers() -> bool:
    try:
        with pymongo.timeout(PATIENCE):
            collection(CONVERSATIONS).database.command("ping")
    except PyMongoError:
        return False
    return True
