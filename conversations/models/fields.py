"""Fields for what documents hold and Django has no field for."""

from datetime import UTC, datetime
from typing import Any

from django.db import models


class DocumentField(models.Field):  # type: ignore[type-arg]  # arguments in the stubs only
    """A sub-document as PyMongo reads and writes it, a dict, with aware datetimes.

    Django's JSONField would not do: it takes values through JSON, which has no datetimes.
    """

    def db_type(self, connection: Any) -> str:  # noqa: ARG002  # Django's signature
        """Return the BSON type."""
        return "object"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:  # noqa: ARG002
        """Return the stored value with its datetimes, which are UTC, marked as such."""
        return _aware(value)


def _aware(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, dict):
        return {name: _aware(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_aware(member) for member in value]
    return value
