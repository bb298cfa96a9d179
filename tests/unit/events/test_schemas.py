"""The published schemas: complete, valid, and as strict as they say."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from conversations.caller import system_caller
from conversations.dependencies import utc_now
from conversations.events.envelope import CREATED, USER_ERASED, user_erased
from conversations.states import EVENT_TYPES
from tests.event_samples import Event, an_event
from tests.event_schemas import SCHEMAS, TYPES, faults


def test_there_is_a_schema_for_every_type() -> None:
    """Those of actions, and the two that come of other work."""
    assert {*TYPES} == {CREATED, *EVENT_TYPES.values(), "conversation.duplicated", USER_ERASED}


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.json")), ids=lambda path: path.stem)
def test_it_is_a_schema(path: Path) -> None:
    """Of JSON Schema 2020-12."""
    schema = json.loads(path.read_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def duplicated() -> Event:
    event = an_event(event_type="conversation.duplicated")
    return {**event, "changed": [], "source_id": "6" * 24, "up_to_message_id": None}


def erased() -> Event:
    caller = system_caller(actor="admin", owner="admin", seconds=10)
    return user_erased(event_id="e" * 32, user_id="maria", caller=caller, now=utc_now())


@pytest.mark.parametrize("event", [duplicated(), erased()], ids=lambda event: event["event_type"])
def test_it_describes_what_other_work_leads_to(event: Event) -> None:
    """A copy names its source; an erased user has no conversation."""
    assert faults(event) == []


@pytest.mark.parametrize(
    "event", [an_event(), duplicated(), erased()], ids=lambda event: event["event_type"]
)
def test_a_missing_or_unknown_member_does_not_pass(event: Event) -> None:
    """Each member of an event is needed, and no other is known."""
    for name in event.keys() - {"event_type"}:
        assert faults({key: event[key] for key in event if key != name}) != [], name
    assert faults({**event, "more": 1}) != []


def test_a_missing_or_unknown_member_of_the_conversation_does_not_pass() -> None:
    """The same of its data, of the settings and of the character."""
    whole = an_event()
    for names in ((), ("settings",), ("character",)):
        for name in inner(whole, names):
            event = deepcopy(whole)
            del inner(event, names)[name]
            assert faults(event) != [], name
        event = deepcopy(whole)
        inner(event, names)["more"] = 1
        assert faults(event) != []


def test_plugins_may_add_metadata() -> None:
    """What is known about the messages must be there; more may be."""
    event = an_event()
    event["data"]["metadata"]["analytics_id"] = "a-1"
    assert faults(event) == []
    del event["data"]["metadata"]["message_count"]
    assert faults(event) != []


def inner(event: Event, names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = event["data"]
    for name in names:
        found = found[name]
    return found
