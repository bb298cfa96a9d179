"""`manage.py setup_indexes`, on a collection of its own."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pymongo.collection import Collection

from conversations.repository import index_state
from conversations.repository.database import collection as collection_of
from conversations.repository.indexes import INDEXES, Index


@pytest.fixture
def things(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection[dict[str, Any]]]:
    """Declare two indexes of a new collection in place of the service's own."""
    collection = collection_of(f"things_{uuid.uuid4().hex[:8]}")
    declare(
        monkeypatch,
        Index(collection=collection.name, name="by_owner", keys=(("owner", 1), ("_id", 1))),
        Index(collection=collection.name, name="once", keys=(("code", 1),), unique=True),
    )
    yield collection
    collection.drop()


def declare(monkeypatch: pytest.MonkeyPatch, *indexes: Index) -> None:
    monkeypatch.setattr(index_state, "INDEXES", indexes)


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Sit at a terminal and give one answer to every question."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _question: text)


def run(*options: str) -> dict[str, str]:
    """Return the state that the command's last word on each index was, by name."""
    output = StringIO()
    call_command("setup_indexes", *options, stdout=output)
    return states(output.getvalue())


def run_and_fail(*options: str) -> tuple[dict[str, str], str]:
    """Return the states, and the error."""
    output = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("setup_indexes", *options, stdout=output)
    return states(output.getvalue()), str(caught.value)


def states(table: str) -> dict[str, str]:
    rows = re.findall(r"^│ \S+ +│ (\S+) +│ .* │ (\w+).*│$", table, re.MULTILINE)
    return dict(rows)


def test_it_creates_what_is_missing_once(things: Collection[dict[str, Any]]) -> None:
    """The second run finds everything and changes nothing."""
    assert run() == {"by_owner": "created", "once": "created"}
    made = things.index_information()
    assert made["by_owner"]["key"] == [("owner", 1), ("_id", 1)]
    assert made["once"]["unique"]
    assert run() == {"by_owner": "ok", "once": "ok"}
    assert things.index_information() == made


def test_it_creates_every_index_of_the_service(
    things: Collection[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options as declared come back from the server as declared."""
    # In collections of the test's own, where nothing is yet.
    here = [replace(it, collection=f"{things.name}_{it.collection}") for it in INDEXES]
    declare(monkeypatch, *here)
    try:
        run()
        assert set(run("--check").values()) == {"ok"}
    finally:
        for name in {index.collection for index in here}:
            collection_of(name).drop()


def test_it_only_looks_with_check(things: Collection[dict[str, Any]]) -> None:
    """What is missing or differs is an error; what is extra is not."""
    things.create_index([("owner", 1)], name="by_owner")
    found, error = run_and_fail("--check")
    assert found == {"by_owner": "differs", "once": "missing"}
    assert "by_owner (differs), once (missing)" in error
    assert set(things.index_information()) == {"_id_", "by_owner"}
    things.drop_index("by_owner")
    run()
    things.create_index("stray", name="stray")
    assert run("--check") == {"by_owner": "ok", "once": "ok", "stray": "extra"}


def test_it_leaves_a_differing_index_alone(things: Collection[dict[str, Any]]) -> None:
    """It says so and fails; the rest is done all the same."""
    things.create_index([("owner", 1)], name="by_owner")
    found, error = run_and_fail()
    assert found == {"by_owner": "differs", "once": "created"}
    assert "--rebuild" in error
    assert things.index_information()["by_owner"]["key"] == [("owner", 1)]


def test_it_rebuilds_when_asked_to(things: Collection[dict[str, Any]]) -> None:
    """Also what is there under another name."""
    things.create_index([("owner", 1)], name="by_owner")
    things.create_index([("code", 1)], name="code_1", unique=True)
    assert run("--rebuild", "--yes") == {"by_owner": "rebuilt", "once": "rebuilt"}
    assert set(things.index_information()) == {"_id_", "by_owner", "once"}
    assert run("--check") == {"by_owner": "ok", "once": "ok"}


@pytest.mark.parametrize("option", ["--prune", "--rebuild"])
def test_it_drops_nothing_unasked(
    things: Collection[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """Neither where no one can answer, nor where the answer is no."""
    things.create_index([("owner", 1)], name="by_owner")
    things.create_index("stray", name="stray")
    before = things.index_information()
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    _, error = run_and_fail(option)
    assert "no --yes" in error
    answer(monkeypatch, "")
    run_and_fail(option)
    after = things.index_information()
    assert {name: after[name] for name in before} == before


def test_it_prunes_after_a_yes(
    things: Collection[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra ones and no others."""
    run()
    things.create_index("stray", name="stray")
    answer(monkeypatch, "y")
    assert run("--prune")["stray"] == "dropped"
    assert run("--check") == {"by_owner": "ok", "once": "ok"}


def test_it_has_nothing_to_ask_when_all_is_well(
    things: Collection[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fit for a pipeline: no terminal is needed."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    run()
    assert run("--prune", "--rebuild") == {"by_owner": "ok", "once": "ok"}


def test_it_tells_of_duplicates_without_their_values(things: Collection[dict[str, Any]]) -> None:
    """A unique index that cannot be built is an error of one line."""
    things.insert_many([{"code": "private-value"}, {"code": "private-value"}])
    _, error = run_and_fail()
    assert "Cannot create once" in error
    assert "private-value" not in error
    assert "\n" not in error


def test_it_does_not_check_and_change_at_once(things: Collection[dict[str, Any]]) -> None:
    """The two contradict each other."""
    for option in ("--prune", "--rebuild"):
        _, error = run_and_fail("--check", option)
        assert "--check changes nothing" in error
