"""What a client may say of a conversation."""

from functools import partial
from typing import Any

from conversations import rules
from conversations.api.serializers.fields import Flag, Moment, Number, Tags, Text, Whole
from conversations.api.serializers.strict import StrictSerializer
from conversations.errors import Fault

READ_ONLY = frozenset(
    {
        "id",
        "user_id",
        "character",
        "status",
        "metadata",
        "created_at",
        "updated_at",
        "archived_at",
        "deleted_at",
        "version",
    }
)

_title = partial(rules.text_fault, longest=rules.TITLE_MAX)
_tag = partial(rules.text_fault, longest=rules.TAG_MAX, also_refused="/")
_prompt = partial(rules.storable_fault, longest=rules.SYSTEM_PROMPT_MAX)


def _character_id(value: str) -> Fault | None:
    if rules.CHARACTER_ID.match(value):
        return None
    return Fault(code="invalid", detail="Must be 1-128 letters, digits, - or _.")


def _model(value: str) -> Fault | None:
    if not value:
        return Fault(code="blank", detail="Must not be empty.")
    return rules.storable_fault(value, longest=rules.MODEL_MAX)


def _language(value: str) -> Fault | None:
    if rules.LANGUAGE_TAG.match(value):
        return None
    return Fault(code="invalid", detail="Must be a BCP 47 language tag, such as en or pt-BR.")


def _no_folder(value: Any) -> Fault:  # noqa: ARG001  # a check's signature
    return Fault(code="folder_not_found", detail="There is no such folder.")


def _no_template(value: Any) -> Fault:  # noqa: ARG001  # a check's signature
    return Fault(code="template_not_found", detail="There is no such template.")


class SettingsSerializer(StrictSerializer):
    """How the character shall answer; null is the default of whoever generates the answer."""

    model = Text(check=_model, allow_null=True, required=False)
    temperature = Number(
        min_value=0, max_value=rules.TEMPERATURE_MAX, allow_null=True, required=False
    )
    max_tokens = Whole(min_value=1, max_value=rules.MAX_TOKENS_MAX, allow_null=True, required=False)
    language = Text(check=_language, allow_null=True, required=False)
    system_prompt = Text(check=_prompt, trim_whitespace=False, allow_null=True, required=False)


class ConversationPatchSerializer(StrictSerializer):
    """A JSON merge patch of a conversation."""

    read_only_members = READ_ONLY | {"character_id"}

    title = Text(check=_title, allow_null=True, required=False)
    tags = Tags(child=Text(check=_tag), max_length=rules.TAGS_MAX, allow_null=True, required=False)
    settings = SettingsSerializer(allow_null=True, required=False)
    pinned = Flag(allow_null=True, required=False)
    folder_id = Text(check=_no_folder, allow_null=True, required=False)
    expires_at = Moment(allow_null=True, required=False)


class ConversationCreateSerializer(ConversationPatchSerializer):
    """A new conversation."""

    read_only_members = READ_ONLY

    character_id = Text(check=_character_id, trim_whitespace=False)
    template_id = Text(check=_no_template, allow_null=True, required=False)


class EmptySerializer(StrictSerializer):
    """The body of an action that takes none."""


CREATE = ConversationCreateSerializer()
PATCH = ConversationPatchSerializer()
NOTHING = EmptySerializer()
