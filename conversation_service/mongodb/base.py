"""What Django loads for the engine (`conversation_service.mongodb`)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django_mongodb_backend import base
from django_mongodb_backend.utils import OperationDebugWrapper
from pymongo.collection import Collection
from pymongo.synchronous.command_cursor import CommandCursor

from conversation_service.mongodb.nested_stages import dotted
from conversation_service.mongodb.sorting import index_sorted

Pipeline = Sequence[Mapping[str, Any]]
Rows = CommandCursor[dict[str, Any]]


class OrmCollection(Collection[dict[str, Any]]):
    """A collection as the ORM uses it: every read is an aggregation."""

    def aggregate(self, pipeline: Pipeline, *args: Any, **kwargs: Any) -> Rows:
        """Run a pipeline; see pymongo's Collection.aggregate."""
        return super().aggregate(index_sorted(pipeline), *args, **kwargs)


class EmbeddedOrmCollection(OrmCollection):
    """The same on the embedded server, which misreads nested stage documents."""

    def aggregate(self, pipeline: Pipeline, *args: Any, **kwargs: Any) -> Rows:
        """Run a pipeline; see pymongo's Collection.aggregate."""
        return super().aggregate(dotted(pipeline), *args, **kwargs)


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # the backend has no types
    """django_mongodb_backend's connection, with pipelines mended on their way to the server.

    The ORM gets its collections from `get_collection`, so that is the one place to mend them.
    Whether the server is the embedded one it says itself, once for each process and alias, when
    the first collection is asked for: nothing is sent on import, nor before a fork.
    """

    _embedded: ClassVar[dict[str, bool]] = {}

    def get_collection(self, name: str, **options: Any) -> Any:
        """Return a collection by name, for the ORM."""
        kind = EmbeddedOrmCollection if self.is_embedded() else OrmCollection
        collection = kind(self.database, name, **options)
        return OperationDebugWrapper(self, collection) if self.queries_logged else collection

    def is_embedded(self) -> bool:
        """Whether the server is SecantusDB: only its buildInfo has `secantusVersion`."""
        if self.alias not in self._embedded:
            server = self.database.client.server_info()
            self._embedded[self.alias] = "secantusVersion" in server
        return self._embedded[self.alias]
