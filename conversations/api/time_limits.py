"""The database's part of a request's deadline."""

from contextlib import AbstractContextManager
from typing import Any

import pymongo
from django.db import connections

from integrations.resilience.deadline import Deadline

SEARCH = 5.0  # seconds for finding a database server while none is known


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
