"""The filters of GET /conversations: declared once, for parsing and for the OpenAPI document."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django_filters import Filter, FilterSet
from rest_framework.filters import BaseFilterBackend

from conversations.api import patterns
from conversations.api.moments import parse_moment
from conversations.api.parameters import boolean, one_of
from conversations.errors import Fault, InvalidInput
from conversations.repository.queries import Filters
from conversations.rules import CHARACTER_ID, TAG_MAX, TAGS_MAX, search_terms, text_fault
from conversations.states import LISTED, Status

QUERY_MAX = 200
DATETIME = {"type": "string", "format": "date-time"}


class _ParameterField(forms.Field):
    def __init__(
        self,
        *,
        parse: Callable[[Any], Any],
        **_ignored: Any,  # what django-filter adds for a form
    ) -> None:
        super().__init__(required=False)
        self.parse = parse

    def clean(self, value: Any) -> Any:
        try:
            return self.parse(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class ParameterFilter(Filter):  # type: ignore[misc]  # django-filter has no types
    """A query parameter: how it is parsed, and its schema and description for readers."""

    field_class = _ParameterField

    def __init__(
        self,
        *,
        parse: Callable[[Any], Any],
        schema: dict[str, Any],
        description: str,
        repeatable: bool = False,
    ) -> None:
        super().__init__(parse=parse)
        self.schema = schema
        self.description = description
        self.repeatable = repeatable


def _status(text: str) -> Status | None:
    return one_of({**{status.value: status for status in LISTED}, "all": None})(text)


def _character_id(text: str) -> str:
    if not CHARACTER_ID.match(text):
        raise ValueError("Must be 1-128 letters, digits, - or _.")
    return text


def _tags(values: list[str]) -> tuple[str, ...]:
    if len(values) > TAGS_MAX:
        raise ValueError(f"At most {TAGS_MAX} tags: a conversation has no more.")
    return tuple(dict.fromkeys(_tag(value.strip()) for value in values))


def _tag(value: str) -> str:
    fault = text_fault(value, longest=TAG_MAX, also_refused="/")
    if fault:
        raise ValueError(fault.detail)
    return value


def _words(text: str) -> tuple[str, ...]:
    if len(text) > QUERY_MAX:
        raise ValueError(f"At most {QUERY_MAX} characters.")
    return tuple(search_terms(text))


def _moment(text: str) -> datetime:
    # An unencoded + in a query string arrives as a space.
    return parse_moment(re.sub(r" (?=\d\d:\d\d\Z)", "+", text))


def _bound(description: str) -> ParameterFilter:
    return ParameterFilter(parse=_moment, schema=DATETIME, description=description)


class ConversationFilters(FilterSet):  # type: ignore[misc]  # django-filter has no types
    """Which conversations a list shows; all that are given must hold."""

    status = ParameterFilter(
        parse=_status,
        schema={
            "type": "string",
            "enum": [*(status.value for status in LISTED), "all"],
            "default": "active",
        },
        description="The status; `all` includes the trash.",
    )
    character_id = ParameterFilter(
        parse=_character_id,
        schema=patterns.string(128, patterns.CHARACTER_ID),
        description="Conversations with this character.",
    )
    tag = ParameterFilter(
        parse=_tags,
        schema={
            "type": "array",
            "maxItems": TAGS_MAX,
            "items": patterns.string(TAG_MAX, patterns.TAG),
        },
        description="A tag, as it is written; repeat it for conversations that have all of them.",
        repeatable=True,
    )
    pinned = ParameterFilter(
        parse=boolean, schema={"type": "boolean"}, description="Pinned, or not pinned."
    )
    q = ParameterFilter(
        parse=_words,
        schema={"type": "string", "maxLength": QUERY_MAX},
        description="Every word begins a word of the title, the tags or the character's name; "
        "case and accents do not count.",
    )
    created_after = _bound("Created at this moment or later.")
    created_before = _bound("Created before this moment.")
    active_after = _bound("Last active at this moment or later.")
    active_before = _bound("Last active before this moment.")


_DECLARED: dict[str, ParameterFilter] = ConversationFilters.base_filters
REPEATABLE = frozenset(name for name, declared in _DECLARED.items() if declared.repeatable)
_MEMBER = {"tag": "tags", "q": "words"}


class ConversationFilterBackend(BaseFilterBackend):
    """Reads a list's filters from the query string."""

    parameters = frozenset(_DECLARED)

    def read(self, query: QueryDict, *, user_id: str) -> Filters:
        """Return the filters over one user's conversations; raises InvalidInput with all faults."""
        values: dict[str, Any] = {}
        faults = []
        for name in query.keys() & _DECLARED.keys():
            declared = _DECLARED[name]
            raw = query.getlist(name) if declared.repeatable else query[name]
            try:
                values[_MEMBER.get(name, name)] = declared.field.clean(raw)
            except ValidationError as error:
                faults.append(Fault(parameter=name, code="invalid", detail=error.messages[0]))
        if faults:
            raise InvalidInput(sorted(faults, key=lambda fault: str(fault.parameter)))
        return Filters(user_id=user_id, **values)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002  # DRF's signature
        """Return the parameters for the OpenAPI document."""
        return [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": declared.description,
                "schema": declared.schema,
            }
            for name, declared in _DECLARED.items()
        ]
