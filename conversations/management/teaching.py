"""What the service's commands share: a help text that teaches, and tables on the terminal."""

import argparse
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from conversations.rules import USER_ID


class TeachingCommand(BaseCommand):
    """A command whose --help says what it does (`description`), and ends with `examples`."""

    description: ClassVar[str | None] = None  # else the one line of `help`
    examples: ClassVar[str]
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser, with both texts as they are written."""
        parser = super().create_parser(
            prog_name,
            subcommand,
            epilog=self.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )
        if self.description is not None:
            parser.description = self.description
        return parser


def console_of(options: Mapping[str, Any], *, narrowest: int) -> Console:
    """Return where a command prints its tables, in plain text unless their cells have a style.

    In a file or a pipe it has at least so many columns.
    """
    console = Console(
        file=options.get("stdout") or sys.stdout,
        no_color=options["no_color"],
        markup=False,
        highlight=False,
    )
    if not console.is_terminal:
        console.width = max(console.width, narrowest)
    return console


def check_user(user_id: str) -> None:
    """Raise CommandError where this can be nobody's user_id."""
    if not USER_ID.match(user_id):
        raise CommandError("USER must be 1-128 of A-Z a-z 0-9 _ . : @ - and not `me`.")
