"""The fields of shapes: strings with the longest and the form that they can have."""

from functools import partial
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from conversations.api import patterns


class Text(serializers.CharField):
    """A string of at most `longest` characters; without a `pattern` it is free text."""

    def __init__(self, longest: int, pattern: str | None = None, **options: Any) -> None:
        super().__init__(max_length=longest, **options)
        if pattern is not None:
            self.validators.append(RegexValidator(pattern))


class Count(serializers.IntegerField):
    """A whole number from `min_value`, 0 by default, to what 32 bits hold."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 0, "max_value": 2**31 - 1, **options})


Id = partial(Text, 24, patterns.OBJECT_ID)
Owner = partial(Text, 128, patterns.USER_ID)
Trace = partial(Text, 64, patterns.TRACE_ID)
Cursor = partial(Text, patterns.LONGEST_URL, patterns.BASE64URL)
Link = partial(serializers.URLField, max_length=patterns.LONGEST_URL)
