"""What Django loads for the engine (`conversation_service.mongodb`)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django_mongodb_backend import base
from django_mongodb_backend.utils import OperationDebugWrapper
from pymongo.collection import Collection
from pymongo.synchronous.command_cursor import CommandCursor

from conversation_service.mongodb.nested_stages import dotted


class DottedCollection(Collection[dict[str, Any]]):
    """A collection whose aggregations reach the server without nested stage documents."""

    def aggregate(  # type: ignore[override]  # the rest of the signature is PyMongo's
        self, pipeline: Sequence[Mapping[str, Any]], *args: Any, **kwargs: Any
    ) -> CommandCursor[dict[str, Any]]:
        """Run a pipeline; see pymongo's Collection.aggregate."""
        return super().aggregate(dotted(pipeline), *args, **kwargs)


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # the backend has no types
    """django_mongodb_backend's connection; on the embedded server with the mend it needs.

    Every read of the ORM is an aggregation on a collection from `get_collection`, so that is the
    one place to mend. Which server it is, the server itself says, once for each process and alias,
    when the first collection is asked for: nothing is sent on import, nor before a fork.
    """

    _embedded: ClassVar[dict[str, bool]] = {}

    def get_collection(self, name: str, **options: Any) -> Any:
        """Return a collection by name, for the ORM."""
        if not self.is_embedded():
            return super().get_collection(name, **options)
        collection = DottedCollection(self.database, name, **options)
        return OperationDebugWrapper(self, collection) if self.queries_logged else collection

    def is_embedded(self) -> bool:
        """Whether the server is SecantusDB: only its buildInfo has `secantusVersion`."""
        if self.alias not in self._embedded:
            server = self.database.client.server_info()
            self._embedded[self.alias] = "secantusVersion" in server
        return self._embedded[self.alias]
