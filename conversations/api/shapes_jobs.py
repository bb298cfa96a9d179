"""The shapes of jobs and of what erases and exports, for the OpenAPI document."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from conversations.api import patterns
from conversations.api.pagination import MAX_LIMIT
from conversations.api.shape_fields import Count, Cursor, Id, Link, Text
from conversations.api.shapes import LONGEST_CODE, LONGEST_DETAIL, Shape
from conversations.job import MOST_ERRORS, JobState

STATE_CHOICES = [(state.value, state.value) for state in JobState]


@extend_schema_serializer(component_name="JobProgress")
class ProgressShape(Shape):
    """How far a job came."""

    done = Count()
    total = Count(allow_null=True, help_text="Null while it is not known.")


@extend_schema_serializer(component_name="JobError")
class JobErrorShape(Shape):
    """What went wrong with a job, or with one of the things that it works on."""

    id = Text(128, allow_null=True, help_text="Of the thing, if it was one.")
    code = Text(LONGEST_CODE, patterns.WORD, help_text="Stable; more of them may come.")
    detail = Text(LONGEST_DETAIL)


@extend_schema_serializer(component_name="ErasedCounts")
class ErasedShape(Shape):
    """How many of each an erasure found."""

    conversations = Count()
    events = Count()
    idempotency_keys = Count()
    jobs = Count()


@extend_schema_serializer(component_name="JobResult")
class ResultShape(Shape):
    """What came of a job, by its kind; more members may come with more kinds.

    The receipt of `erase_user_data` has the three that are named.
    """

    receipt_id = Text(32, patterns.HEX_32, required=False)
    erased_at = serializers.DateTimeField(required=False)
    erased = ErasedShape(required=False)


@extend_schema_serializer(component_name="Job")
class JobShape(Shape):
    """Work that goes on behind a request."""

    id = Id()
    kind = Text(64, patterns.WORD, help_text="`erase_user_data`; more of them may come.")
    state = serializers.ChoiceField(choices=STATE_CHOICES)
    progress = ProgressShape()
    result = ResultShape(allow_null=True, help_text="Null until it has succeeded.")
    errors = serializers.ListField(  # type: ignore[assignment]  # not the serializer's own errors
        child=JobErrorShape(), max_length=MOST_ERRORS, help_text=f"The first {MOST_ERRORS}."
    )
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


@extend_schema_serializer(component_name="JobPage", many=False)
class JobPageShape(Shape):
    """A page of jobs, newest first."""

    results = serializers.ListField(child=JobShape(), max_length=MAX_LIMIT)
    next = Link(allow_null=True)
    previous = Link(allow_null=True)
    next_cursor = Cursor(allow_null=True)
    previous_cursor = Cursor(allow_null=True)
    count = Count(allow_null=True, help_text="Always null.")
