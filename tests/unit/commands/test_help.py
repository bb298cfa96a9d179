"""What `--help` teaches."""

from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

OURS = sorted(name for name, app in get_commands().items() if app.startswith("conversation"))


def test_every_command_of_the_project_is_looked_at() -> None:
    """Wherever it lives."""
    files = Path().glob("conversation*/management/commands/[a-z]*.py")
    assert sorted(file.stem for file in files) == OURS
    assert {"health_check", "migrate_data", "seed_demo", "outbox"} <= set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_it_ends_with_an_example_that_can_be_copied(name: str) -> None:
    """And says more than the list of commands does."""
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    assert f"manage.py {name}" in (parser.epilog or "")
    assert len(parser.description or "") > 40
