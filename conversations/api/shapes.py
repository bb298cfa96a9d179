"""The shapes of answers, for the OpenAPI document: answers themselves are plain dictionaries.

`tests/e2e/test_openapi.py` holds real answers against them.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.states import LISTED

STATUS_CHOICES = [(status.value, status.value) for status in LISTED]


class Shape(serializers.Serializer[Any]):
    """A JSON object that is only described, never parsed or rendered by its class."""


@extend_schema_serializer(component_name="CharacterSnapshot")
class CharacterShape(Shape):
    """The character as it was when the conversation was created."""

    name = serializers.CharField()
    avatar_url = serializers.URLField(allow_null=True)


@extend_schema_serializer(component_name="ConversationSettings")
class SettingsShape(Shape):
    """How the character answers; null leaves it to whoever generates the answer."""

    model = serializers.CharField(allow_null=True)
    temperature = serializers.FloatField(allow_null=True)
    max_tokens = serializers.IntegerField(allow_null=True)
    language = serializers.CharField(allow_null=True, help_text="BCP 47")
    system_prompt = serializers.CharField(allow_null=True)


@extend_schema_serializer(component_name="ConversationMetadata")
class MetadataShape(Shape):
    """What is known about the messages; plugins may add members of their own."""

    last_activity = serializers.DateTimeField()
    message_count = serializers.IntegerField()


@extend_schema_serializer(component_name="ConversationRow")
class RowShape(Shape):
    """A conversation as lists show it; with `view=full`, its settings are there too."""

    id = serializers.CharField()
    user_id = serializers.CharField()
    character_id = serializers.CharField()
    character = CharacterShape()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUS_CHOICES)
    pinned = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())
    folder_id = serializers.CharField(allow_null=True)
    metadata = MetadataShape()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True, help_text="When it went to the trash.")
    expires_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts edits; its ETag is made of it.")
    settings = SettingsShape(required=False)


@extend_schema_serializer(component_name="Conversation")
class ConversationShape(RowShape):
    """A conversation of a user with a character."""

    settings = SettingsShape()


@extend_schema_serializer(component_name="ConversationPage", many=False)
class PageShape(Shape):
    """A page of a list. What does not apply to the way of paging is null."""

    results = RowShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    next_cursor = serializers.CharField(allow_null=True)
    previous_cursor = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(allow_null=True, help_text="With `pagination=offset` only.")


@extend_schema_serializer(component_name="Fault")
class FaultShape(Shape):
    """One thing wrong with a request; it names exactly one of the first three."""

    pointer = serializers.CharField(required=False, help_text="Into the body, RFC 6901.")
    parameter = serializers.CharField(required=False, help_text="Of the query string.")
    header = serializers.CharField(required=False)
    code = serializers.CharField(help_text="Stable; more of them may come.")
    detail = serializers.CharField()


@extend_schema_serializer(component_name="Problem", many=False)
class ProblemShape(Shape):
    """Any error, RFC 9457."""

    type = serializers.URLField(help_text="A page that explains the code.")
    title = serializers.CharField(help_text="The same for every error of the type.")
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable; more of them may come.")
    instance = serializers.CharField(help_text="The path that was called.")
    trace_id = serializers.CharField()
    errors = FaultShape(many=True, required=False)  # type: ignore[assignment]
