"""The shapes of events, and of pages of them, for the OpenAPI document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.api import patterns
from conversations.api.event_pages import MAX_FEED_LIMIT
from conversations.api.pagination import MAX_LIMIT
from conversations.api.shape_fields import Count, Cursor, Id, Link, Owner, Text, Trace
from conversations.api.shapes import ConversationShape, Shape


@extend_schema_serializer(component_name="Event")
class EventShape(Shape):
    """One change of a conversation, or `user.erased`; docs/events.md tells of each type."""

    event_id = Text(32, patterns.HEX_32)
    event_type = Text(64, patterns.EVENT_TYPE, help_text="More of them may come.")
    timestamp = serializers.DateTimeField()
    service = Text(128)
    schema_version = Count(min_value=1)
    conversation_id = Id(allow_null=True)
    user_id = Owner(help_text="The owner.")
    sequence = Count(
        min_value=1, allow_null=True, help_text="The conversation's version after the change."
    )
    actor = Text(256, help_text="Who acted: the owner, an admin or the service.")
    trace_id = Trace()
    data = ConversationShape(  # type: ignore[assignment]  # not the serializer's own data
        allow_null=True,
        help_text="The conversation after the change; null once it is purged.",
    )
    changed = serializers.ListField(  # the members of `data` that the change altered
        child=Text(64, patterns.WORD), max_length=64
    )


class _PageShape(Shape):
    results = serializers.ListField(child=EventShape(), max_length=MAX_LIMIT)
    next = Link(allow_null=True)
    previous = Link(allow_null=True)


@extend_schema_serializer(component_name="HistoryPage", many=False)
class HistoryPageShape(_PageShape):
    """A page of a conversation's history, newest first."""

    next_cursor = Cursor(allow_null=True)
    previous_cursor = Cursor(allow_null=True)
    count = Count(allow_null=True, help_text="Always null.")


@extend_schema_serializer(component_name="EventPage", many=False)
class EventPageShape(_PageShape):
    """A page of a feed, oldest first."""

    results = serializers.ListField(child=EventShape(), max_length=MAX_FEED_LIMIT)
    next = Link(
        allow_null=True, help_text="Null while there is nothing more: `next_cursor` goes on later."
    )
    next_cursor = Cursor(help_text="Where to go on; also on an empty page.")
    previous_cursor = Cursor(allow_null=True, help_text="Always null.")
    count = Count(allow_null=True, help_text="Always null.")
