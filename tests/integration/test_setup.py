"""Who works on the database looks once whether it is set up."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conversations.repository.index_state import State, inspect_indexes
from conversations.services import setup
from conversations.tasks.cleanup import clean_trash
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.integration.cleanup.test_conversations import is_there, put_away

Arrange = Callable[..., None]


@pytest.fixture
def trashed(api: ApiClient) -> dict[str, Any]:
    """Return a conversation that is to be purged, made before the process begins."""
    return put_away(api)


@pytest.fixture
def arrange(database: None, monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Let a process begin in which the index of a name is found in another state."""

    def begin(name: str, **fields: Any) -> None:
        found = inspect_indexes()
        changed = [
            replace(each, **fields) if f"{each.collection}.{each.name}" == name else each
            for each in found
        ]
        monkeypatch.setattr(setup, "inspect_indexes", lambda: changed)

    monkeypatch.setattr(setup, "_entrance", setup._Entrance())  # noqa: SLF001  # as at the start
    monkeypatch.setattr(setup, "LOOK_AGAIN", 0.0)
    return begin


def test_it_works_without_an_ordinary_index(api: ApiClient, arrange: Arrange) -> None:
    """Slowly, maybe; /health tells."""
    arrange("conversations.by_activity", state=State.MISSING)
    assert api.get("/conversations").status == 200
    assert [each.label for each in setup.index_faults()] == ["conversations.by_activity (missing)"]


@pytest.mark.parametrize("state", [State.MISSING, State.DIFFERS])
def test_it_does_not_work_without_a_unique_index(
    api: ApiClient, arrange: Arrange, state: State
) -> None:
    """Nor with one of its name that is not it; once it is there, all goes on."""
    arrange(
        "conversation_events.by_event",
        state=state,
        existing_name=None if state is State.MISSING else "by_event",
    )
    answer = api.get("/conversations")
    assert (answer.status, answer.code) == (503, "not_set_up")
    arrange("none")
    assert api.get("/conversations").status == 200


def test_a_unique_index_of_another_name_is_as_good(api: ApiClient, arrange: Arrange) -> None:
    """The server would refuse a second one."""
    arrange("conversation_events.by_event", state=State.DIFFERS, existing_name="of another name")
    assert api.get("/conversations").status == 200


def test_who_was_let_in_stays_in(api: ApiClient, arrange: Arrange) -> None:
    """An index that is rebuilt meanwhile is no reason to stop all processes at once."""
    arrange("none")
    assert api.get("/conversations").status == 200
    arrange("conversation_events.by_event", state=State.MISSING)
    assert api.get("/conversations").status == 200


def test_it_looks_once(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, commands: CommandRecorder
) -> None:
    """One listIndexes for each collection, by the first request alone."""
    monkeypatch.setattr(setup, "_entrance", setup._Entrance())  # noqa: SLF001  # as at the start
    api.get("/conversations")
    assert "listIndexes" in commands.names
    commands.forget()
    api.get("/conversations")
    assert commands.names == ["find"]


def test_a_task_does_not_run_without_a_unique_index(
    api: ApiClient, trashed: dict[str, Any], arrange: Arrange
) -> None:
    """It says so, and the next run finds its work again."""
    arrange("conversation_events.by_event", state=State.MISSING)
    clean_trash()
    arrange("none")
    assert is_there(api, trashed)
    clean_trash()
    assert not is_there(api, trashed)
