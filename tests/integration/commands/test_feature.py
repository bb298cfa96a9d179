"""`manage.py feature`: flags seen and switched by hand."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from waffle.models import Switch

from conversations.management.commands import feature
from conversations.repository.switches import add_missing

BULK = "enable_bulk_operations"


@pytest.fixture(autouse=True)
def bulk(database: None) -> Iterator[None]:
    """Leave the switch as it was."""
    yield
    Switch.objects.update_or_create(name=BULK, defaults={"active": True})


def run(*words: str) -> dict[str, list[str]]:
    """Return the rows of the table: value and origin by name."""
    out = io.StringIO()
    call_command("feature", *words, stdout=out, no_color=True)
    rows = [line.split("│") for line in out.getvalue().splitlines() if "enable_" in line]
    return {row[1].strip(): [row[2].strip(), row[3].strip()] for row in rows}


def test_it_shows_every_feature_and_who_says_so() -> None:
    """Each has a switch after `migrate`."""
    assert run("list") == {
        "enable_conversation_analytics": ["off", "switch"],
        "enable_conversation_templates": ["on", "switch"],
        BULK: ["on", "switch"],
    }


def test_it_switches() -> None:
    """Off and on, and no other."""
    assert run("off", BULK)[BULK] == ["off", "switch"]
    assert run("list")["enable_conversation_templates"] == ["on", "switch"]
    assert run("on", BULK)[BULK] == ["on", "switch"]


def test_it_shows_that_the_environment_comes_first(settings: Any) -> None:
    """The switch is set all the same, for when the variable is gone."""
    settings.CONFIG = settings.CONFIG.model_copy(update={BULK: True})
    assert run("off", BULK)[BULK] == ["on", "environment"]
    assert not Switch.objects.get(name=BULK).active


def test_it_makes_a_switch_that_is_missing() -> None:
    """As before the first `migrate`, when the default holds."""
    Switch.objects.filter(name=BULK).delete()
    assert run("list")[BULK] == ["on", "default"]
    assert run("off", BULK)[BULK] == ["off", "switch"]


def test_migrate_leaves_a_switch_that_is_there_alone() -> None:
    """Whatever the default is by then."""
    run("off", BULK)
    add_missing({BULK: True})
    assert run("list")[BULK] == ["off", "switch"]


def test_it_knows_no_other_names() -> None:
    """A switch that nobody reads would mislead."""
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("feature", "on", "enable_everything")


def test_it_says_in_one_line_that_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """And hints at what may be wrong."""

    def fail(**_: Any) -> None:
        raise DatabaseError("hush")

    monkeypatch.setattr(feature, "read_switches", fail)
    with pytest.raises(CommandError, match="MONGODB_URL") as caught:
        call_command("feature", "list")
    assert "hush" not in str(caught.value)
