"""The shapes of answers, for the OpenAPI document: answers themselves are plain dictionaries.

`tests/e2e/test_openapi.py` holds real answers against them.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations import rules
from conversations.api import patterns
from conversations.api.pagination import MAX_LIMIT
from conversations.api.serializers.strict import MAX_FAULTS, MAX_NAME
from conversations.api.shape_fields import Count, Cursor, Id, Link, Owner, Text, Trace
from conversations.states import LISTED
from integrations.characters import LONGEST_NAME
from integrations.characters import LONGEST_URL as LONGEST_AVATAR_URL

LONGEST_CODE = 128  # characters of a code, and of the title that goes with it
LONGEST_DETAIL = 2048  # characters
STATUS_CHOICES = [(status.value, status.value) for status in LISTED]


class Shape(serializers.Serializer[Any]):
    """A JSON object that is only described, never parsed or rendered by its class."""


@extend_schema_serializer(component_name="CharacterSnapshot")
class CharacterShape(Shape):
    """The character as it was when the conversation was created."""

    name = Text(LONGEST_NAME)
    avatar_url = serializers.URLField(max_length=LONGEST_AVATAR_URL, allow_null=True)


@extend_schema_serializer(component_name="ConversationSettings")
class SettingsShape(Shape):
    """How the character answers; null leaves it to whoever generates the answer."""

    model = Text(rules.MODEL_MAX, allow_null=True)
    temperature = serializers.FloatField(
        min_value=0, max_value=rules.TEMPERATURE_MAX, allow_null=True
    )
    max_tokens = Count(min_value=1, max_value=rules.MAX_TOKENS_MAX, allow_null=True)
    language = Text(rules.LANGUAGE_MAX, patterns.LANGUAGE, allow_null=True, help_text="BCP 47")
    system_prompt = Text(rules.SYSTEM_PROMPT_MAX, allow_null=True)


@extend_schema_serializer(component_name="ConversationMetadata")
class MetadataShape(Shape):
    """What is known about the messages; plugins may add members of their own."""

    last_activity = serializers.DateTimeField()
    message_count = Count()


@extend_schema_serializer(component_name="ConversationRow")
class RowShape(Shape):
    """A conversation as lists show it; with `view=full`, its settings are there too."""

    id = Id()
    user_id = Owner()
    character_id = Text(128, patterns.CHARACTER_ID)
    character = CharacterShape()
    title = Text(rules.TITLE_MAX, patterns.TITLE)
    status = serializers.ChoiceField(choices=STATUS_CHOICES)
    pinned = serializers.BooleanField()
    tags = serializers.ListField(child=Text(rules.TAG_MAX, patterns.TAG), max_length=rules.TAGS_MAX)
    folder_id = Id(allow_null=True)
    metadata = MetadataShape()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True, help_text="When it went to the trash.")
    expires_at = serializers.DateTimeField(allow_null=True)
    version = Count(min_value=1, help_text="Counts edits; its ETag is made of it.")
    settings = SettingsShape(required=False)


@extend_schema_serializer(component_name="Conversation")
class ConversationShape(RowShape):
    """A conversation of a user with a character."""

    settings = SettingsShape()


@extend_schema_serializer(component_name="ConversationPage", many=False)
class PageShape(Shape):
    """A page of a list. What does not apply to the way of paging is null."""

    results = serializers.ListField(child=RowShape(), max_length=MAX_LIMIT)
    next = Link(allow_null=True)
    previous = Link(allow_null=True)
    next_cursor = Cursor(allow_null=True)
    previous_cursor = Cursor(allow_null=True)
    count = Count(allow_null=True, help_text="With `pagination=offset` only.")


@extend_schema_serializer(component_name="Fault")
class FaultShape(Shape):
    """One thing wrong with a request; it names exactly one of the first three."""

    pointer = Text(LONGEST_DETAIL, "^#", required=False, help_text="Into the body, RFC 6901.")
    parameter = Text(MAX_NAME, required=False, help_text="Of the query string.")
    header = Text(MAX_NAME, "^[A-Za-z-]+$", required=False)
    code = Text(LONGEST_CODE, patterns.WORD, help_text="Stable; more of them may come.")
    detail = Text(LONGEST_DETAIL)


@extend_schema_serializer(component_name="Problem", many=False)
class ProblemShape(Shape):
    """Any error, RFC 9457."""

    type = Link(help_text="A page that explains the code.")
    title = Text(LONGEST_CODE, help_text="The same for every error of the type.")
    status = Count(min_value=400, max_value=599)
    detail = Text(LONGEST_DETAIL)
    code = Text(LONGEST_CODE, patterns.WORD, help_text="Stable; more of them may come.")
    instance = Text(patterns.LONGEST_URL, "^/", help_text="The path that was called.")
    trace_id = Trace()
    errors = serializers.ListField(  # type: ignore[assignment]  # not the serializer's own errors
        child=FaultShape(), required=False, max_length=MAX_FAULTS
    )
