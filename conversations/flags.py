"""Features that can be switched while the service runs.

What holds is the first of these that says something: the environment variable of the flag's name,
which a deployment sets for all its processes; the switch that staff see in the admin; the default
declared here. docs/operations.md tells operators.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, Literal

from django.conf import settings

from conversations.errors import FeatureDisabled
from conversations.repository.switches import add_missing, read_switches
from conversations.switches import READ_LIMIT, SwitchWatcher

Origin = Literal["environment", "switch", "default"]


class Flag(StrEnum):
    """The names of the flags, which are also those of their switches and variables."""

    CONVERSATION_ANALYTICS = "enable_conversation_analytics"
    CONVERSATION_TEMPLATES = "enable_conversation_templates"
    BULK_OPERATIONS = "enable_bulk_operations"


@dataclass(frozen=True, kw_only=True, slots=True)
class Declaration:
    """What a flag switches, and whether it is on where nobody says."""

    about: str
    on: bool
    on_in_production: bool


DECLARED: Final[Mapping[Flag, Declaration]] = {
    Flag.CONVERSATION_ANALYTICS: Declaration(
        about="Give new conversations an analytics id, and report changes.",
        on=False,
        on_in_production=False,
    ),
    Flag.CONVERSATION_TEMPLATES: Declaration(
        about="Templates for new conversations.", on=True, on_in_production=True
    ),
    Flag.BULK_OPERATIONS: Declaration(
        about="Changes of many conversations by one request.", on=True, on_in_production=False
    ),
}

_watcher = SwitchWatcher(partial(read_switches, timeout=READ_LIMIT))


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagState:
    """Whether a feature is on, and who says so."""

    on: bool
    origin: Origin


def is_enabled(flag: Flag) -> bool:
    """Say whether a feature is on. It costs no round trip: see conversations/switches.py."""
    return state_of(flag, switched=_watcher.get(flag)).on


def require_feature(flag: Flag) -> None:
    """Raise FeatureDisabled if a feature is off."""
    if not is_enabled(flag):
        raise FeatureDisabled(flag)


def state_of(flag: Flag, *, switched: bool | None) -> FlagState:
    """Return what holds for a flag whose switch is set so; None is where there is no switch."""
    forced: bool | None = getattr(settings.CONFIG, flag)
    if forced is not None:
        return FlagState(on=forced, origin="environment")
    if switched is not None:
        return FlagState(on=switched, origin="switch")
    return FlagState(on=_default_of(flag), origin="default")


def add_missing_switches() -> None:
    """Give every flag its switch, set to the default; no switch that is there is touched."""
    add_missing({flag: _default_of(flag) for flag in Flag})


def _default_of(flag: Flag) -> bool:
    declared = DECLARED[flag]
    return declared.on_in_production if settings.CONFIG.is_production else declared.on
