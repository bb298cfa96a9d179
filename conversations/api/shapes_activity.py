"""The shapes of the answers to activities, for the OpenAPI document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.activity import MOST_IN_BATCH
from conversations.api.shape_fields import Count
from conversations.api.shapes import Shape

RESULT_CHOICES = [("ok", "ok"), ("not_found", "not_found")]


@extend_schema_serializer(component_name="ActivityTotals")
class ActivityTotalsShape(Shape):
    """What is known about a conversation's messages."""

    message_count = Count(help_text="Created minus deleted.")
    last_activity = serializers.DateTimeField(help_text="Never goes back.")


@extend_schema_serializer(component_name="ActivityResult")
class ActivityResultShape(Shape):
    """What became of one item; totals are there where it is ok."""

    index = Count(max_value=MOST_IN_BATCH - 1)
    status = serializers.ChoiceField(choices=RESULT_CHOICES)
    message_count = Count(required=False)
    last_activity = serializers.DateTimeField(required=False)


@extend_schema_serializer(component_name="ActivityResults", many=False)
class ActivityResultsShape(Shape):
    """A result for each item of a batch, in its order."""

    results = serializers.ListField(child=ActivityResultShape(), max_length=MOST_IN_BATCH)
