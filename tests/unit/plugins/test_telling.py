"""Plugins hear of changes after the write; nobody waits for them."""

import threading
from typing import Any

import pytest

from conversations.plugins import hookimpl, telling
from tests.doubles.plugins import Listening, calls, plugins_of, threads_of
from tests.doubles.supervised import eventually

SECONDS = 20.0


def event(number: int, *, kind: str = "conversation.updated") -> dict[str, Any]:
    return {"event_type": kind, "sequence": number, "data": {"tags": []}}


def test_it_tells_in_order() -> None:
    """Every event, with a copy for each plugin."""
    vandal = Listening(lambda heard: heard["data"]["tags"].append("vandal"))
    quiet = Listening()
    plugins = plugins_of(vandal=vandal, quiet=quiet)
    sent = [event(number) for number in range(50)]
    for each in sent:
        plugins.after_write(each)
    assert eventually(lambda: len(quiet.heard) == len(vandal.heard) == 50, SECONDS)
    assert quiet.heard == sent


def test_it_goes_on_after_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    """The thread outlives whatever a plugin raises."""
    errors = {1: SystemExit("hush"), 2: ValueError("hush hush")}

    def stumble(heard: dict[str, Any]) -> None:
        if error := errors.get(heard["sequence"]):
            raise error

    clumsy = Listening(stumble)
    before = calls("clumsy", "after_change", "failed")
    plugins = plugins_of(clumsy=clumsy)
    for number in (1, 2, 3):
        plugins.after_write(event(number))
    assert eventually(lambda: len(clumsy.heard) == 3, SECONDS)
    assert eventually(lambda: calls("clumsy", "after_change", "failed") == before + 2, SECONDS)
    said = capfd.readouterr().out
    assert said.count('"plugin failed"') == 2
    assert "SystemExit" in said
    assert "hush" not in said


def test_it_drops_what_a_stuck_plugin_does_not_hear(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Counted, and told of once; the others hear everything, and the writer waits for nobody."""
    monkeypatch.setattr(telling, "MOST_WAITING", 3)
    gate = threading.Event()
    stuck = Listening(lambda _: (gate.wait(SECONDS), None)[1])
    before = calls("stuck", "after_change", "dropped")
    plugins = plugins_of(stuck=stuck)
    plugins.after_write(event(0))
    assert eventually(lambda: len(stuck.heard) == 1, SECONDS)
    for number in range(1, 9):
        plugins.after_write(event(number))
    assert calls("stuck", "after_change", "dropped") == before + 5
    assert capfd.readouterr().out.count("plugin is behind") == 1
    gate.set()
    assert eventually(lambda: [it["sequence"] for it in stuck.heard] == [0, 1, 2, 3], SECONDS)


def test_it_tells_of_births_apart() -> None:
    """after_create hears of new conversations alone, copies included."""
    heard: list[str] = []

    class Midwife:
        @hookimpl
        def after_create(self, event: dict[str, Any]) -> None:
            heard.append(event["event_type"])

    plugins = plugins_of(midwife=Midwife())
    kinds = ["conversation.created", "conversation.updated", "conversation.duplicated"]
    for kind in kinds:
        plugins.after_write(event(1, kind=kind))
    assert eventually(lambda: len(heard) == 2, SECONDS)
    assert heard == [kinds[0], kinds[2]]


def test_it_starts_a_thread_with_the_first_event_only() -> None:
    """And none for a plugin that has no such hook."""
    plugins = plugins_of(late_riser=Listening())
    assert threads_of("late_riser") == []
    plugins.after_write(event(1))
    plugins.after_write(event(2))
    assert len(threads_of("late_riser")) == 1
    before = threading.active_count()
    plugins_of().after_write(event(1))
    assert threading.active_count() == before
