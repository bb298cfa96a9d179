"""Plugins are asked before a write; what they do wrong costs neither the write nor each other."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from conversations.caller import system_caller
from conversations.plugins import asking, hookimpl
from tests.doubles.plugins import (
    Asking,
    asked,
    calls,
    new_document,
    plugins_of,
    somebody,
    threads_of,
)
from tests.doubles.supervised import eventually

SECONDS = 20.0  # far more than anything here takes


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Return what holds a plugin up; it opens at the end, so that no thread is left."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less, so that the test does."""
    monkeypatch.setattr(asking, "LIMIT", 0.02)


def let_the_pause_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock of the pauses forward."""
    later = time.monotonic() + asking.PAUSE
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=lambda: later))


def holding(gate: threading.Event) -> Asking:
    return Asking(lambda: {"late": gate.wait(SECONDS)})


def test_it_adds_what_every_plugin_answers() -> None:
    """In the order in which they are registered; of two with one name the later holds."""
    first = Asking(lambda: {"mood": "calm", "first": 1})
    second = Asking(lambda: {"mood": "bright", "second": None})
    assert asked(plugins_of(a=first, silent=Asking(lambda: None), b=second)) == {
        "mood": "bright",
        "first": 1,
        "second": None,
    }


def test_it_gives_a_plugin_copies() -> None:
    """What is about to be stored stays as it is, whatever a plugin does to its arguments."""

    class Vandal:
        @hookimpl
        def before_update(self, conversation: dict[str, Any], patch: dict[str, Any]) -> None:
            conversation["tags"].append("vandal")
            conversation["character"]["name"] = "vandal"
            patch["tags"].clear()

    document, patch = new_document(), {"tags": ["mine"]}
    plugins_of(vandal=Vandal()).before_update(document, patch=patch, caller=somebody())
    assert patch == {"tags": ["mine"]}
    assert "vandal" not in str(document)


@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit(3), TimeoutError()], ids=type)
def test_it_contains_an_exception(error: BaseException, capfd: pytest.CaptureFixture[str]) -> None:
    """The others are asked all the same; the log names the plugin and not the message."""

    def fail() -> None:
        raise error

    before = calls("failing", "before_create", "failed")
    plugins = plugins_of(failing=Asking(fail), fine=Asking(lambda: {"fine": True}))
    assert asked(plugins) == {"fine": True}
    assert calls("failing", "before_create", "failed") == before + 1
    said = capfd.readouterr().out
    assert '"plugin failed"' in said
    assert '"plugin":"failing"' in said
    assert "secret" not in said


def test_it_does_not_wait_for_a_slow_plugin(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those in time are heard; the late one's answer is not."""
    monkeypatch.setattr(asking, "LIMIT", 1.0)
    plugins = plugins_of(slow=holding(gate), fine=Asking(lambda: {"fine": True}))
    before = calls("slow", "before_create", "late")
    assert asked(plugins) == {"fine": True}
    assert calls("slow", "before_create", "late") == before + 1


def test_it_waits_no_longer_than_the_request_has(gate: threading.Event) -> None:
    """A request that is out of time is not held at all."""
    caller = system_caller(actor="hasty", owner="hasty", seconds=0)
    assert plugins_of(slow=holding(gate)).before_create(new_document(), caller=caller) == {}


@pytest.mark.usefixtures("impatient")
def test_it_leaves_a_plugin_alone_that_is_late_again_and_again(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No threads pile up behind it; after a pause one call tries: in time, and all go on."""
    plugins = plugins_of(tired=holding(gate))
    for _ in range(10):
        assert asked(plugins) == {}
    assert len(threads_of("tired")) == asking.MOST_LATE
    gate.set()
    assert asked(plugins) == {}  # it would be in time now, but the pause is not over
    monkeypatch.setattr(asking, "LIMIT", SECONDS)
    let_the_pause_pass(monkeypatch)
    assert asked(plugins) == {"late": True}
    assert asked(plugins) == {"late": True}


@pytest.mark.usefixtures("impatient")
def test_it_lets_one_call_try_after_the_pause(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Still late: the pause begins anew, at the cost of one request and one thread."""
    plugins = plugins_of(hopeless=holding(gate))
    for _ in range(asking.MOST_LATE):
        asked(plugins)
    let_the_pause_pass(monkeypatch)
    for _ in range(5):
        asked(plugins)
    assert len(threads_of("hopeless")) == asking.MOST_LATE + 1


@pytest.mark.usefixtures("impatient")
def test_it_bounds_the_calls_that_never_end(
    gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many requests come."""
    monkeypatch.setattr(asking, "MOST_CALLS", 2)
    plugins = plugins_of(stuck=holding(gate))
    before = calls("stuck", "before_create", "busy")
    for _ in range(4):
        asked(plugins)
    assert len(threads_of("stuck")) == 2
    assert calls("stuck", "before_create", "busy") == before + 2
    gate.set()
    assert eventually(lambda: not threads_of("stuck"), SECONDS)
    monkeypatch.setattr(asking, "LIMIT", SECONDS)
    assert asked(plugins) == {"late": True}


def test_a_call_that_never_ends_does_not_keep_the_process() -> None:
    """It ends as it would without."""
    script = (
        "import time, django; django.setup(); from tests.doubles.plugins import *;"
        "asked(plugins_of(stuck=Asking(lambda: time.sleep(3600)))); print(len(threads_of('stuck')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "conversation_service.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines()[-1] == "1"


def test_it_starts_no_thread_where_nothing_is_asked() -> None:
    """Neither without plugins nor with one that has other hooks."""

    class Other:
        @hookimpl
        def after_create(self) -> None:
            sys.exit("not asked")

    before = threading.active_count()
    assert asked(plugins_of()) == {}
    assert asked(plugins_of(other=Other())) == {}
    assert threading.active_count() == before
