"""The shapes of events, and of pages of them, for the OpenAPI document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.api.shapes import ConversationShape, Shape


@extend_schema_serializer(component_name="Event")
class EventShape(Shape):
    """One change of a conversation, or `user.erased`; docs/events.md tells of each type."""

    event_id = serializers.CharField()
    event_type = serializers.CharField(help_text="More of them may come.")
    timestamp = serializers.DateTimeField()
    service = serializers.CharField()
    schema_version = serializers.IntegerField()
    conversation_id = serializers.CharField(allow_null=True)
    user_id = serializers.CharField(help_text="The owner.")
    sequence = serializers.IntegerField(
        allow_null=True, help_text="The conversation's version after the change."
    )
    actor = serializers.CharField(help_text="Who acted: the owner, an admin or the service.")
    trace_id = serializers.CharField()
    data = ConversationShape(  # type: ignore[assignment]  # not the serializer's own data
        allow_null=True,
        help_text="The conversation after the change; null once it is purged.",
    )
    changed = serializers.ListField(  # the members of `data` that the change altered
        child=serializers.CharField()
    )


class _PageShape(Shape):
    results = EventShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


@extend_schema_serializer(component_name="HistoryPage", many=False)
class HistoryPageShape(_PageShape):
    """A page of a conversation's history, newest first."""

    next_cursor = serializers.CharField(allow_null=True)
    previous_cursor = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(allow_null=True, help_text="Always null.")


@extend_schema_serializer(component_name="EventPage", many=False)
class EventPageShape(_PageShape):
    """A page of a feed, oldest first."""

    next = serializers.URLField(
        allow_null=True, help_text="Null while there is nothing more: `next_cursor` goes on later."
    )
    next_cursor = serializers.CharField(help_text="Where to go on; also on an empty page.")
    previous_cursor = serializers.CharField(allow_null=True, help_text="Always null.")
    count = serializers.IntegerField(allow_null=True, help_text="Always null.")
