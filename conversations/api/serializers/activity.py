"""What the Message Service may say of an activity."""

from functools import partial
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from conversations import rules
from conversations.activity import MOST_IN_BATCH, ActivityType
from conversations.api.serializers.fields import Moment, Text, fail
from conversations.api.serializers.strict import StrictSerializer
from conversations.errors import Fault

IDENTIFIER_MAX = 255
TYPES = [(kind.value, kind.value) for kind in ActivityType]


def _identifier(value: str) -> Fault | None:
    if 0 < len(value) <= IDENTIFIER_MAX and value.isprintable():
        return None
    return Fault(code="invalid", detail=f"Must be 1-{IDENTIFIER_MAX} printable characters.")


def _user_id(value: str) -> Fault | None:
    return None if rules.USER_ID.match(value) else Fault(code="invalid", detail="Not a user's id.")


def _any_text(_value: str) -> None:
    return None


class Suggestion(Text):
    """A title; one that no user could set counts as none."""

    def to_internal_value(self, data: Any) -> str | None:  # type: ignore[override]  # as said
        """Return the trimmed title, or None."""
        try:
            return super().to_internal_value(data)
        except ValidationError:
            return None


class Items(serializers.ListField):
    """A list of 1 to MOST_IN_BATCH; a longer one is refused before it is looked into."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the validated items; raises ValidationError."""
        if not isinstance(data, list):
            raise fail(Fault(code="invalid_type", detail="Must be a list."))
        if not data:
            raise fail(Fault(code="too_few", detail="At least one item."))
        if len(data) > MOST_IN_BATCH:
            raise fail(Fault(code="too_many", detail=f"At most {MOST_IN_BATCH} items."))
        valid: list[Any] = super().to_internal_value(data)
        return valid


class ActivitySerializer(StrictSerializer):
    """What happened to one message."""

    message_id = Text(check=_identifier, trim_whitespace=False, help_text="Printable characters.")
    occurred_at = Moment(help_text="RFC 3339; at most 24 hours ahead.")
    type = serializers.ChoiceField(
        choices=TYPES,
        error_messages={"invalid_choice": f"Must be one of {', '.join(ActivityType)}."},
    )
    user_id = Text(
        check=_user_id,
        trim_whitespace=False,
        allow_null=True,
        required=False,
        help_text="The owner, where it is known: it spares a sharded database a broadcast.",
    )
    suggested_title = Suggestion(
        check=partial(rules.text_fault, longest=rules.TITLE_MAX),
        allow_null=True,
        required=False,
        help_text="Becomes the title while the user has set none; of several, the one that "
        "occurred last. One that a user could not set is ignored.",
    )


class ActivityItemSerializer(ActivitySerializer):
    """What happened to one message, and in which conversation."""

    conversation_id = Text(
        check=_any_text, trim_whitespace=False, help_text="One that cannot be an id is not found."
    )


class ActivityBatchSerializer(StrictSerializer):
    """Activities of any conversations, in any order."""

    items = Items(child=ActivityItemSerializer())


ONE = ActivitySerializer()
BATCH = ActivityBatchSerializer()
