"""Serializers that refuse what they do not know, and tell faults in the domain's form."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.settings import api_settings

from conversations.errors import Fault, InvalidInput

_CODES = {"min_value": "out_of_range", "max_value": "out_of_range"}
Path = tuple[str | int, ...]
MAX_FAULTS = 100  # in one answer: nobody reads more, and each costs
MAX_NAME = 64


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not declare; `read_only_members` have a code of their own."""

    read_only_members: frozenset[str] = frozenset()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the validated members; raises ValidationError with every fault."""
        if not isinstance(data, dict):
            raise ValidationError("Must be a JSON object.", code="invalid_type")
        unknown = (name for name in data if name not in self.fields)
        refused = {name: [self._refusal(name)] for name in islice(unknown, MAX_FAULTS)}
        try:
            valid: dict[str, Any] = super().to_internal_value(data)
        except ValidationError as error:
            if isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **refused}) from None
            raise
        if refused:
            raise ValidationError(refused)
        return valid

    def _refusal(self, name: str) -> ErrorDetail:
        if name in self.read_only_members:
            return ErrorDetail("This member is set by the service.", code="read_only")
        return ErrorDetail("There is no such member.", code="unknown_field")


def validated(serializer: StrictSerializer, data: Any) -> dict[str, Any]:
    """Return the validated members of a body; raises InvalidInput.

    The serializer keeps nothing between calls, so one instance serves all requests: building one
    costs more than validating.
    """
    if not isinstance(data, dict):
        raise InvalidInput([Fault(code="invalid_type", detail="Must be a JSON object.")])
    try:
        valid: dict[str, Any] = serializer.run_validation(data)
    except ValidationError as error:
        raise InvalidInput(list(islice(_faults(error.detail, ()), MAX_FAULTS))) from None
    return valid


def _shown(name: str | int) -> str | int:
    return name[:MAX_NAME] if isinstance(name, str) else name


def _faults(detail: Any, path: Path) -> Iterator[Fault]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            at = path if name == api_settings.NON_FIELD_ERRORS_KEY else (*path, _shown(name))
            yield from _faults(inner, at)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _faults(inner, path)
    else:
        yield Fault(path=path, code=_CODES.get(detail.code, detail.code), detail=str(detail))
