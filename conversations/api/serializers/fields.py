"""Input fields that take JSON as it is: no text for a number, no number for a text."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from conversations.api.moments import parse_moment
from conversations.errors import Fault
from conversations.rules import distinct_tags

NOT_A_STRING = "Must be a string."


def fail(fault: Fault) -> ValidationError:
    """Return the DRF error of a rule's fault."""
    return ValidationError(fault.detail, code=fault.code)


def _type_error(detail: str) -> ValidationError:
    return ValidationError(detail, code="invalid_type")


class Text(serializers.CharField):
    """A string, checked by `check`, which returns its fault or None; trimmed unless told not to."""

    def __init__(self, *, check: Callable[[str], Fault | None], **kwargs: Any) -> None:
        super().__init__(allow_blank=True, **kwargs)
        self.check = check

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the string; raises ValidationError."""
        is_empty, value = self.validate_empty_values(data)
        return value if is_empty else self.to_internal_value(value)

    def to_internal_value(self, data: Any) -> str:
        """Return the trimmed string; raises ValidationError."""
        if not isinstance(data, str):
            raise _type_error(NOT_A_STRING)
        text = data.strip() if self.trim_whitespace else data
        fault = self.check(text)
        if fault is not None:
            raise fail(fault)
        return text


class Flag(serializers.BooleanField):
    """true or false, not something like it."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the boolean; raises ValidationError."""
        if not isinstance(data, bool):
            raise _type_error("Must be true or false.")
        return data


class Whole(serializers.IntegerField):
    """An integer between min_value and max_value; 5.0 counts, as JSON knows one kind of number."""

    def to_internal_value(self, data: Any) -> int:
        """Return the integer; raises ValidationError."""
        if isinstance(data, bool) or not isinstance(data, int | float) or data != math.floor(data):
            raise _type_error("Must be a whole number.")
        return int(data)


class Number(serializers.FloatField):
    """A number between min_value and max_value."""

    def to_internal_value(self, data: Any) -> float:
        """Return the number; raises ValidationError."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise _type_error("Must be a number.")
        return data


class Moment(serializers.DateTimeField):
    """An RFC 3339 datetime with an offset."""

    def to_internal_value(self, value: Any) -> datetime:
        """Return the moment, UTC, in milliseconds; raises ValidationError."""
        if not isinstance(value, str):
            raise _type_error(NOT_A_STRING)
        try:
            return parse_moment(value)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid_datetime") from None


class Tags(serializers.ListField):
    """A list of tags; those that differ in case alone collapse to the first."""

    def to_internal_value(self, data: Any) -> list[str]:
        """Return the distinct tags; raises ValidationError."""
        if not isinstance(data, list):
            raise _type_error("Must be a list of strings.")
        tags = distinct_tags(self.run_child_validation(data))
        if self.max_length is not None and len(tags) > self.max_length:
            raise ValidationError(f"At most {self.max_length} tags.", code="too_many")
        return tags

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return the tags; the length counts after the duplicates are gone."""
        is_empty, value = self.validate_empty_values(data)
        return value if is_empty else self.to_internal_value(value)
