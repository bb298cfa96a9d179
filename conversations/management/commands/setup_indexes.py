"""`manage.py setup_indexes`: the database's indexes made what the code declares."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pymongo.errors import ConnectionFailure, OperationFailure
from rich.table import Table
from rich.text import Text

from conversations.management.teaching import ServerAway, TeachingCommand, UsageError, console_of
from conversations.repository.index_state import (
    Finding,
    State,
    create_index,
    drop_index,
    inspect_indexes,
    keys_in_words,
)

STYLES = {
    "ok": "green",
    "created": "bold green",
    "rebuilt": "bold green",
    "dropped": "bold green",
    "missing": "bold red",
    "differs": "bold red",
    "extra": "yellow",
}
NARROWEST = 120  # columns of a table that goes into a file or a pipe

DESCRIPTION = """\
Create the indexes that conversations/repository/indexes.py declares and the database lacks.
Running it again changes nothing. The table tells of every index what it found and did:

  ok        as declared
  created   was missing, is there now
  missing   declared, not in the database (with --check)
  differs   there, but with other keys or options: a query may be slow, or duplicates pass
  extra     there, but not declared: it costs writes and serves nothing of the service's

The indexes of Django's own collections come from `manage.py migrate`.
"""
EXAMPLES = """\
examples:
  manage.py setup_indexes             after each deployment, before traffic
  manage.py setup_indexes --check     in a pipeline; exits with 1 if something is missing or differs
  manage.py setup_indexes --prune     also drop the extra ones, after asking
  manage.py setup_indexes --rebuild   also drop and create anew those that differ, after asking;
                                      until it is built again, its queries read whole collections
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """What became of one index."""

    finding: Finding
    state: str

    @property
    def is_wrong(self) -> bool:
        return self.state in {State.MISSING, State.DIFFERS}


class Command(TeachingCommand):
    """Create, check, rebuild and prune indexes."""

    help = "Create the declared indexes that are missing, and tell about the rest."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; exit with 1 if an index is missing or differs",
        )
        parser.add_argument(
            "--rebuild", action="store_true", help="drop and create anew what differs; asks first"
        )
        parser.add_argument(
            "--prune", action="store_true", help="drop what is not declared; asks first"
        )
        parser.add_argument(
            "--yes",
            "--noinput",
            "--no-input",
            action="store_true",
            help="do not ask; needed where no one can answer",
        )

    def handle(self, **options: Any) -> None:
        """Run the command; raises CommandError, which exits with 1."""
        if options["check"] and (options["rebuild"] or options["prune"]):
            raise UsageError("--check changes nothing: leave out --rebuild and --prune.")
        try:
            self._run(options)
        except ConnectionFailure:
            raise ServerAway("The database cannot be reached: is MONGODB_URL right?") from None

    def _run(self, options: dict[str, Any]) -> None:
        rows = [_Row(finding=finding, state=finding.state) for finding in inspect_indexes()]
        if not options["check"]:
            rows = list(_created(rows))
        self._show(rows, options)
        if options["rebuild"]:
            rows = self._rebuilt(rows, options)
        if options["prune"]:
            self._prune(rows, options)
        self._judge(rows)

    def _rebuilt(self, rows: list[_Row], options: dict[str, Any]) -> list[_Row]:
        differing = [row for row in rows if row.state == State.DIFFERS]
        if not self._agreed("rebuild", differing, options):
            return rows
        for row in differing:
            _drop(row.finding)
        rebuilt = [*_created([_missing(row) for row in differing], done="rebuilt")]
        self._show(rebuilt, options)
        return [row for row in rows if row not in differing] + rebuilt

    def _prune(self, rows: list[_Row], options: dict[str, Any]) -> None:
        extra = [row for row in rows if row.state == State.EXTRA]
        if not self._agreed("drop", extra, options):
            return
        for row in extra:
            _drop(row.finding)
        self._show([_Row(finding=row.finding, state="dropped") for row in extra], options)

    def _agreed(self, verb: str, rows: list[_Row], options: dict[str, Any]) -> bool:
        """Ask before `verb`; False if there is nothing to do or the answer is no."""
        if not rows:
            self.stdout.write(f"Nothing to {verb}.")
            return False
        names = ", ".join(f"{row.finding.collection}.{row.finding.name}" for row in rows)
        if options["yes"]:
            return True
        if not sys.stdin.isatty():
            raise UsageError(f"Will not {verb} {names} unasked: no terminal here, and no --yes.")
        if input(f"{verb.capitalize()} {names}? [y/N] ").strip().lower() in {"y", "yes"}:
            return True
        self.stdout.write("Left as they are.")
        return False

    def _show(self, rows: Iterable[_Row], options: dict[str, Any]) -> None:
        if not options["verbosity"]:
            return
        console = console_of(options, narrowest=NARROWEST)
        table = Table("collection", "index", "keys", "state")
        for row in rows:
            table.add_row(
                row.finding.collection,
                row.finding.name,
                keys_in_words(row.finding.keys),
                _in_words(row),
            )
        console.print(table)

    def _judge(self, rows: list[_Row]) -> None:
        wrong = [row for row in rows if row.is_wrong]
        if not wrong:
            return
        names = ", ".join(f"{row.finding.name} ({row.state})" for row in wrong)
        remedy = "setup_indexes creates what is missing, with --rebuild also what differs."
        raise CommandError(f"Not as declared: {names}. {remedy}")


def _created(rows: Iterable[_Row], done: str = "created") -> Iterator[_Row]:
    """Create what is missing among `rows`, one by one."""
    for row in rows:
        if row.state != State.MISSING or row.finding.declared is None:
            yield row
            continue
        try:
            create_index(row.finding.declared)
        except OperationFailure as error:
            raise CommandError(f"Cannot create {row.finding.name}: {_reason(error)}") from None
        yield _Row(finding=row.finding, state=done)


def _reason(error: OperationFailure) -> str:
    """Return the server's reason, without the values that a duplicate key error shows."""
    return str((error.details or {}).get("errmsg", error)).partition(" dup key")[0]


def _drop(finding: Finding) -> None:
    if finding.existing_name is not None:
        drop_index(collection_name=finding.collection, name=finding.existing_name)


def _missing(row: _Row) -> _Row:
    return _Row(finding=row.finding, state=State.MISSING)


def _in_words(row: _Row) -> Text:
    why = f": {row.finding.difference}" if row.state == State.DIFFERS else ""
    return Text(row.state + why, style=STYLES[row.state])
