"""The database that Django is configured for, as PyMongo sees it."""

from typing import Any, TypeAlias

from django.db import connections
from pymongo.collection import Collection

Document: TypeAlias = dict[str, Any]


def collection(name: str) -> Collection[Document]:
    """Return a collection; one client, with its pool, serves all threads of the process.

    Datetimes in documents are UTC without an offset, as the database holds them: aware ones take
    three times as long to decode (docs/decisions/datetimes.md).
    """
    connection: Any = connections["default"]
    found: Collection[Document] = connection.database[name]
    return found


def ping() -> None:
    """Return when the database has answered; raises PyMongoError if it does not."""
    connection: Any = connections["default"]
    connection.database.command("ping")
