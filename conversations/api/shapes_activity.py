"""The shapes of the answers to activities, for the OpenAPI document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.api.shapes import Shape

RESULT_CHOICES = [("ok", "ok"), ("not_found", "not_found")]


@extend_schema_serializer(component_name="ActivityTotals")
class ActivityTotalsShape(Shape):
    """What is known about a conversation's messages."""

    message_count = serializers.IntegerField(min_value=0, help_text="Created minus deleted.")
    last_activity = serializers.DateTimeField(help_text="Never goes back.")


@extend_schema_serializer(component_name="ActivityResult")
class ActivityResultShape(Shape):
    """What became of one item; totals are there where it is ok."""

    index = serializers.IntegerField(min_value=0)
    status = serializers.ChoiceField(choices=RESULT_CHOICES)
    message_count = serializers.IntegerField(min_value=0, required=False)
    last_activity = serializers.DateTimeField(required=False)


@extend_schema_serializer(component_name="ActivityResults", many=False)
class ActivityResultsShape(Shape):
    """A result for each item of a batch, in its order."""

    results = ActivityResultShape(many=True)
