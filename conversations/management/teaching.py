"""What the service's commands share: help that teaches, exit codes, tables on the terminal."""

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from conversations.rules import USER_ID

WRONG_USAGE = os.EX_USAGE  # 64, of sysexits.h: what argparse exits with, 2, may be a verdict
INTERRUPTED = 130  # of a shell: 128 and SIGINT


class UsageError(CommandError):
    """The command was not given what it needs; nothing was done."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=WRONG_USAGE)


class ServerAway(CommandError):
    """A server that the command needs does not answer; told with where its name was looked for."""

    def __init__(self, message: str, *, returncode: int = 1) -> None:
        super().__init__(f"{message}{_where_they_were_sought()}", returncode=returncode)


def _where_they_were_sought() -> str:
    config = settings.CONFIG
    named = {"mongodb_url", "redis_url"} & config.model_fields_set
    if named or config.is_production or config.stack_file.exists():
        return ""
    return (
        f" No `make run` is going in {config.data_dir.absolute()}: if it was given another "
        "DATA_DIR, give that to this command too."
    )


class TeachingCommand(BaseCommand):
    """A command whose --help says what it does (`description`), and ends with `examples`.

    It exits with WRONG_USAGE where an option is wrong, with INTERRUPTED after Ctrl-C, then saying
    what `stopped` says, and else with what a CommandError says.
    """

    description: ClassVar[str | None] = None  # else the one line of `help`
    examples: ClassVar[str]
    stopped: ClassVar[str] = "Stopped."
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command as it was typed; ends the process unless all went well."""
        self._called_from_command_line = True
        try:
            self.create_parser(argv[0], argv[1]).parse_args(argv[2:])
        except SystemExit as end:
            sys.exit(WRONG_USAGE if end.code else 0)
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; raises CommandError, also where somebody stops it."""
        try:
            return super().execute(*args, **options)
        except KeyboardInterrupt:
            raise CommandError(self.stopped, returncode=INTERRUPTED) from None

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


def kind_of(error: Exception) -> str:
    """Return the name of an error of the database: its text may quote what is stored."""
    return type(error.__cause__ or error).__name__


def check_user(user_id: str) -> None:
    """Raise UsageError where this can be nobody's user_id."""
    if not USER_ID.match(user_id):
        raise UsageError("USER must be 1-128 of A-Z a-z 0-9 _ . : @ - and not `me`.")
