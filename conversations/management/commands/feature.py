"""`manage.py feature`: the flags, seen and switched by hand."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError
from pymongo.errors import PyMongoError
from rich.table import Table
from rich.text import Text

from conversations.flags import DECLARED, Flag, state_of
from conversations.management.teaching import ServerAway, TeachingCommand, console_of, kind_of
from conversations.repository.switches import read_switches, set_switch

NAMES = tuple(flag.value for flag in Flag)
NARROWEST = 120  # columns of a table that goes into a file or a pipe
TIME_LIMIT = 5.0  # seconds for one step on the database

DESCRIPTION = """\
A feature is on or off by the first of these that says something:

  environment   the variable of the flag's name, such as ENABLE_BULK_OPERATIONS=false; it holds for
                processes started with it, and no switch changes that
  switch        set here, or in the admin; every process follows within 10 seconds
  default       what the code declares, where there is no switch (before `migrate`)
"""
EXAMPLES = """\
examples:
  manage.py feature list
  manage.py feature on enable_conversation_analytics
  manage.py feature off enable_bulk_operations
"""


class Command(TeachingCommand):
    """List features, switch them on and off."""

    help = "Show the features, or switch one on or off in every process."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="show every feature")
        for action in ("on", "off"):
            names = actions.add_parser(action, help=f"switch one {action}")
            names.add_argument("name", choices=NAMES, metavar="NAME", help=", ".join(NAMES))

    def handle(self, **options: Any) -> None:
        """Run the action, then show the features; raises CommandError, which exits with 1."""
        try:
            if options["action"] != "list":
                set_switch(name=options["name"], on=options["action"] == "on", timeout=TIME_LIMIT)
            switches = read_switches(timeout=TIME_LIMIT)
        except (DatabaseError, PyMongoError) as error:
            raise ServerAway(
                f"The switches cannot be reached ({kind_of(error)}): is MONGODB_URL right, and has "
                "`manage.py migrate` been run?"
            ) from None
        self._show(switches, options)

    def _show(self, switches: Mapping[str, bool], options: Mapping[str, Any]) -> None:
        table = Table("feature", "value", "says", "what it switches")
        for flag in Flag:
            state = state_of(flag, switched=switches.get(flag))
            value = Text("on", style="green") if state.on else Text("off", style="yellow")
            table.add_row(flag.value, value, state.origin, DECLARED[flag].about)
        console = console_of(options, narrowest=NARROWEST)
        console.print(table)
