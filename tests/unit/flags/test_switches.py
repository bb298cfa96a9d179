"""The switches are read in the background, and remembered while they cannot be read."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from conversations import switches
from conversations.switches import SwitchWatcher
from tests.doubles.supervised import eventually

SECONDS = 20.0


class Table:
    """What a database would say."""

    def __init__(self) -> None:
        self.rows: dict[str, bool] = {}
        self.reads = 0
        self.react: Callable[[], None] = lambda: None

    def read(self) -> dict[str, bool]:
        """Return a copy."""
        self.reads += 1
        self.react()
        return dict(self.rows)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    monkeypatch.setattr(switches, "READ_EVERY", 0.02)
    monkeypatch.setattr(switches, "PATIENCE", SECONDS)
    return Table()


def test_the_first_to_ask_is_answered(table: Table) -> None:
    """Not before it is known, and with None where there is no switch."""
    table.rows = {"on": True, "off": False}
    watcher = SwitchWatcher(table.read)
    assert [watcher.get(name) for name in ("on", "off", "unknown")] == [True, False, None]


def test_it_follows_a_switch(table: Table) -> None:
    """Without being asked to."""
    watcher = SwitchWatcher(table.read)
    for value in (True, False, True):
        table.rows["it"] = value
        assert eventually(lambda value=value: watcher.get("it") is value, SECONDS)  # type: ignore[misc]  # a default


def test_it_remembers_while_the_database_is_away(table: Table) -> None:
    """And follows again when it is back."""
    table.rows["it"] = True
    watcher = SwitchWatcher(table.read)
    assert watcher.get("it") is True

    def away() -> None:
        raise ConnectionError

    table.react = away
    seen = table.reads
    assert eventually(lambda: table.reads > seen + 2, SECONDS)
    assert watcher.get("it") is True
    table.rows["it"] = False
    table.react = lambda: None
    assert eventually(lambda: watcher.get("it") is False, SECONDS)


def test_a_database_that_hangs_holds_the_first_for_a_moment(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody: what is not known is None."""
    monkeypatch.setattr(switches, "PATIENCE", 0.05)
    gate = threading.Event()
    table.react = lambda: (gate.wait(SECONDS), None)[1]
    watcher = SwitchWatcher(table.read)
    started = time.monotonic()
    for _ in range(1000):
        assert watcher.get("it") is None
    assert time.monotonic() - started < SECONDS
    gate.set()


def test_it_reads_once_for_all_who_ask(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many threads ask first, and however often."""
    monkeypatch.setattr(switches, "READ_EVERY", 3600.0)
    watcher = SwitchWatcher(table.read)
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert set(pool.map(lambda _: watcher.get("it"), range(800))) == {None}
    assert table.reads == 1
