"""The database that Django is configured for, as PyMongo sees it."""

from datetime import UTC
from typing import Any, TypeAlias

from bson.codec_options import CodecOptions
from django.db import connections
from pymongo.collection import Collection

Document: TypeAlias = dict[str, Any]

# Datetimes are aware from here on: a naive one compared with the clock is an error, not a guess.
_OPTIONS: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)


def collection(name: str) -> Collection[Document]:
    """Return a collection; one client, with its pool, serves all threads of the process."""
    database = connections["default"].database
    found: Collection[Document] = database.get_collection(name, codec_options=_OPTIONS)
    return found
