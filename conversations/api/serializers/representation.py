"""What the API answers, for the OpenAPI document; conversations/representation.py writes it."""

from typing import Any

from rest_framework import serializers

from conversations.states import LISTED

STATUSES = [(status.value, status.value) for status in LISTED]


class CharacterSerializer(serializers.Serializer[Any]):
    """The character as it was when the conversation was created."""

    name = serializers.CharField()
    avatar_url = serializers.URLField(allow_null=True)


class ConversationMetadataSerializer(serializers.Serializer[Any]):
    """What the Message Service tells of the messages; plugins may add members."""

    last_activity = serializers.DateTimeField()
    message_count = serializers.IntegerField(min_value=0)


class ConversationSettingsSerializer(serializers.Serializer[Any]):
    """How the character shall answer; null is the default of whoever generates the answer."""

    model = serializers.CharField(allow_null=True)
    temperature = serializers.FloatField(allow_null=True, min_value=0, max_value=2)
    max_tokens = serializers.IntegerField(allow_null=True, min_value=1, max_value=1_000_000)
    language = serializers.CharField(allow_null=True)
    system_prompt = serializers.CharField(allow_null=True, max_length=8_000)


class ConversationRowSerializer(serializers.Serializer[Any]):
    """A conversation as lists show it; with view=full it has its settings."""

    id = serializers.CharField()
    user_id = serializers.CharField()
    character_id = serializers.CharField()
    character = CharacterSerializer()
    title = serializers.CharField(max_length=200)
    status = serializers.ChoiceField(choices=STATUSES)
    pinned = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField(max_length=50), max_length=10)
    folder_id = serializers.CharField(allow_null=True)
    metadata = ConversationMetadataSerializer()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(min_value=1)
    settings = ConversationSettingsSerializer(required=False)


class ConversationSerializer(ConversationRowSerializer):
    """A conversation."""

    settings = ConversationSettingsSerializer()


class ConversationPage(serializers.Serializer[Any]):
    """A page of a list; what does not apply to its pagination strategy is null."""

    results = ConversationRowSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    next_cursor = serializers.CharField(allow_null=True)
    previous_cursor = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(allow_null=True, min_value=0)
