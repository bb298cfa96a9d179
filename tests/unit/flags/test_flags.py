"""What holds for a flag: its variable, else its switch, else its default."""

from typing import Any

import pytest

from conversations import flags
from conversations.errors import FeatureDisabled
from conversations.flags import Flag, FlagState, is_enabled, require_feature, state_of
from conversations.switches import SwitchWatcher

DEFAULTS = {
    "development": {
        "enable_conversation_analytics": False,
        "enable_conversation_templates": True,
        "enable_bulk_operations": True,
    },
    "production": {
        "enable_conversation_analytics": False,
        "enable_conversation_templates": True,
        "enable_bulk_operations": False,
    },
}


@pytest.fixture
def configured(settings: Any) -> Any:
    """Return what changes the configuration until the test ends."""

    def configure(**changes: Any) -> None:
        settings.CONFIG = settings.CONFIG.model_copy(update=changes)

    configure(**dict.fromkeys(Flag))
    return configure


@pytest.mark.parametrize("environment", DEFAULTS)
def test_every_flag_has_a_default(configured: Any, environment: str) -> None:
    """Which production may have of its own."""
    configured(environment=environment)
    states = {flag.value: state_of(flag, switched=None) for flag in Flag}
    assert {name: state.on for name, state in states.items()} == DEFAULTS[environment]
    assert {state.origin for state in states.values()} == {"default"}


@pytest.mark.parametrize("on", [True, False])
def test_a_switch_comes_before_the_default(configured: Any, on: bool) -> None:  # noqa: FBT001  # pytest
    """Whichever way it is set."""
    for flag in Flag:
        assert state_of(flag, switched=on) == FlagState(on=on, origin="switch")


@pytest.mark.parametrize("on", [True, False])
def test_the_environment_comes_first(configured: Any, on: bool) -> None:  # noqa: FBT001  # pytest
    """For the flag that the variable names, and no other."""
    configured(enable_bulk_operations=on)
    state = state_of(Flag.BULK_OPERATIONS, switched=not on)
    assert state == FlagState(on=on, origin="environment")
    assert state_of(Flag.CONVERSATION_TEMPLATES, switched=not on).on is not on


def test_a_feature_is_as_its_switch_was_last_seen(
    configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what needs it is refused by name."""
    watcher = SwitchWatcher(lambda: {"enable_conversation_templates": False})
    monkeypatch.setattr(flags, "_watcher", watcher)
    assert is_enabled(Flag.BULK_OPERATIONS)
    require_feature(Flag.BULK_OPERATIONS)
    assert not is_enabled(Flag.CONVERSATION_TEMPLATES)
    with pytest.raises(FeatureDisabled, match="conversation_templates"):
        require_feature(Flag.CONVERSATION_TEMPLATES)
