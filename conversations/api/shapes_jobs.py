"""The shapes of jobs and of what erases and exports, for the OpenAPI document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.api.shapes import Shape
from conversations.job import JobState

STATE_CHOICES = [(state.value, state.value) for state in JobState]


@extend_schema_serializer(component_name="JobProgress")
class ProgressShape(Shape):
    """How far a job came."""

    done = serializers.IntegerField(min_value=0)
    total = serializers.IntegerField(allow_null=True, help_text="Null while it is not known.")


@extend_schema_serializer(component_name="JobError")
class JobErrorShape(Shape):
    """What went wrong with a job, or with one of the things that it works on."""

    id = serializers.CharField(allow_null=True, help_text="Of the thing, if it was one.")
    code = serializers.CharField(help_text="Stable; more of them may come.")
    detail = serializers.CharField()


@extend_schema_serializer(component_name="Job")
class JobShape(Shape):
    """Work that goes on behind a request."""

    id = serializers.CharField()
    kind = serializers.CharField(help_text="`erase_user_data`; more of them may come.")
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    progress = ProgressShape()
    result = serializers.DictField(
        allow_null=True, help_text="What came of it, by kind; null until it has succeeded."
    )
    errors = JobErrorShape(many=True, help_text="The first 100.")  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="JobPage", many=False)
class JobPageShape(Shape):
    """A page of jobs, newest first."""

    results = JobShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    next_cursor = serializers.CharField(allow_null=True)
    previous_cursor = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(allow_null=True, help_text="Always null.")
