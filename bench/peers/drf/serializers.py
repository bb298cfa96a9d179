from typing import Any, ClassVar

from rest_framework import serializers

from bench.peers.drf.models import Conversation

SHOWN = (
    *("id", "user_id", "character_id", "character", "title", "status", "pinned", "tags"),
    *("folder_id", "metadata", "created_at", "updated_at", "archived_at", "deleted_at"),
    *("expires_at", "version"),
)


class MetadataSerializer(serializers.ModelSerializer[Conversation]):
    class Meta:  # noqa: D106  # a framework\'s own form
        model = Conversation
        fields = ("last_activity", "message_count")


class RowSerializer(serializers.ModelSerializer[Conversation]):
    """A row of a list: everything but the settings."""

    id = serializers.CharField(read_only=True)
    folder_id = serializers.CharField(read_only=True, allow_null=True)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=10, required=False
    )
    metadata = MetadataSerializer(source="*", read_only=True)

    class Meta:  # noqa: D106  # a framework\'s own form
        model = Conversation
        fields: ClassVar[Any] = SHOWN
        read_only_fields = (
            *("user_id", "character", "status", "created_at", "updated_at"),
            *("archived_at", "deleted_at", "expires_at", "version"),
        )


class SettingsSerializer(serializers.Serializer[dict[str, Any]]):
    model = serializers.CharField(max_length=128, allow_null=True, required=False)
    temperature = serializers.FloatField(min_value=0, max_value=2, allow_null=True, required=False)
    max_tokens = serializers.IntegerField(
        min_value=1, max_value=1_000_000, allow_null=True, required=False
    )
    language = serializers.CharField(max_length=35, allow_null=True, required=False)
    system_prompt = serializers.CharField(max_length=8_000, allow_null=True, required=False)


class ConversationSerializer(RowSerializer):
    settings = SettingsSerializer(required=False)

    class Meta(RowSerializer.Meta):  # noqa: D106  # a framework\'s own form
        fields = (*SHOWN, "settings")
        extra_kwargs: ClassVar[dict[str, Any]] = {"title": {"required": False}}

    def create(self, validated_data: dict[str, Any]) -> Conversation:
        return Conversation.objects.create(**validated_data)

    def update(self, instance: Conversation, validated_data: dict[str, Any]) -> Conversation:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.version += 1
        instance.save()
        return instance
