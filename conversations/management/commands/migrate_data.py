"""`manage.py migrate_data`: documents of older layouts made today's, while the service serves."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from rich.console import Console

from conversations import dependencies
from conversations.management.migrating import (
    bar,
    stop_on_signal,
    told_errors,
    told_holder,
    told_rehearsal,
    told_table,
)
from conversations.management.teaching import (
    INTERRUPTED,
    ServerAway,
    TeachingCommand,
    UsageError,
    console_of,
)
from conversations.repository import rewriting
from conversations.services.migrations.batch import Terms
from conversations.services.migrations.lock import HeldLock, LockHeld, LockLost, held_lock
from conversations.services.migrations.progress import Progress, State
from conversations.services.migrations.rehearsal import rehearse
from conversations.services.migrations.run import Manner, migrate
from conversations.services.migrations.standing import (
    Standing,
    beginning,
    some_left,
    standings,
)

NARROWEST = 140  # columns of a table that goes into a file or a pipe
BATCH_SIZES = range(1, 5_001)
FAILED, LOCKED = 3, 4  # exit codes

DESCRIPTION = """\
Carry out the data migrations that are not done, in order, over all documents of a collection. It is
safe beside the service: a document is written only if it is still as it was read, else it is read
again. It may be stopped (Ctrl-C) or die at any time; the next run goes on after the last batch.
Only one runner works at a time: another one says who does, and takes over half a minute after its
death. Imported conversations are unseen by everybody until their document is migrated.

What --status may say of a migration:

  pending      not begun
  running      a runner is at work, the line below the table says which
  interrupted  begun, and nobody is at work: the next run goes on there
  incomplete   been over all documents, and some could not be migrated (their ids are listed);
               the next run goes over all of them again
  done         with every document; the next run looks whether others came since, as by another
               import, and --again goes over all of them whatever it finds

exit codes: 0 all is done; 1 the database failed; 3 some documents could not be migrated; 4 another
runner is at work; 64 an option is wrong; 78 a variable of the environment is wrong; 130 stopped by
a signal, progress is saved
"""
EXAMPLES = """\
examples:
  manage.py migrate_data --status            how far each migration is
  manage.py migrate_data --dry-run           what would change, and what cannot be migrated
  manage.py migrate_data                     do it, or go on with it
  manage.py migrate_data --pace 500          no more than 500 documents a second
  manage.py migrate_data --announce          with an event for each document
"""


class Command(TeachingCommand):
    """Carry out, rehearse and show data migrations."""

    help = "Carry out data migrations, or show how far they are. Safe while the service serves."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--status", "--list", action="store_true", help="show how far each migration is"
        )
        what.add_argument(
            "--dry-run", action="store_true", help="tell what would change; write nothing"
        )
        parser.add_argument("--only", metavar="NAME", help="this one; its number is enough")
        parser.add_argument(
            "--batch-size",
            type=int,
            default=500,
            metavar="N",
            help="documents read, written and saved at once (500)",
        )
        parser.add_argument(
            "--pace",
            type=float,
            metavar="DOCS_PER_SECOND",
            help="go through no more documents a second; as fast as it goes if not given",
        )
        parser.add_argument(
            "--resume",
            action="store_true",
            help="go on where the last run was interrupted: what it does anyway, without --again",
        )
        parser.add_argument(
            "--again", action="store_true", help="from the beginning, also what is done"
        )
        parser.add_argument(
            "--announce",
            action="store_true",
            help="leave an event with each document that becomes a conversation",
        )

    def handle(self, **options: Any) -> None:
        """Run the command; raises CommandError with the exit codes of the help text."""
        _check(options)
        console = console_of(options, narrowest=NARROWEST)
        try:
            with stop_on_signal() as stopped:
                _Run(console=console, options=options, stopped=stopped).carry_out()
        except LockHeld as held:
            raise CommandError(told_holder(held.lock), returncode=LOCKED) from None
        except LockLost:
            raise CommandError(
                "This runner was silent for so long that another one has taken over.",
                returncode=LOCKED,
            ) from None
        except PyMongoError as error:
            raise ServerAway(
                f"The database failed ({type(error).__name__}): what is done stays done; run it "
                "again, with a smaller --batch-size if it took too long."
            ) from None


def _check(options: Mapping[str, Any]) -> None:
    if options["batch_size"] not in BATCH_SIZES:
        raise UsageError(f"--batch-size must be from 1 to {BATCH_SIZES[-1]}.")
    if options["pace"] is not None and not options["pace"] > 0:
        raise UsageError("--pace must be more than 0.")
    if options["resume"] and options["again"]:
        raise UsageError("--resume goes on, --again begins anew: leave one of them out.")


class _Run:
    """One run of the command."""

    def __init__(
        self, *, console: Console, options: Mapping[str, Any], stopped: Callable[[], bool]
    ) -> None:
        self._console = console
        self._options = options
        self._stopped = stopped
        self._clock = dependencies.get().clock

    def carry_out(self) -> None:
        """Do what is asked; raises CommandError."""
        if self._options["status"]:
            self._show()
        elif self._options["dry_run"]:
            self._rehearse()
        else:
            with held_lock(clock=self._clock) as lock:
                ends = [self._migrate(each, lock=lock) for each in self._due()]
            self._finish(
                stopped=any(each.state == State.RUNNING for each in ends),
                failed=sum(each.failed for each in ends),
            )

    def _show(self) -> None:
        found, holder = standings(now=self._clock())
        self._console.print(told_table(found))
        if holder:
            self._console.print(told_holder(holder))
        for each in found:
            told_errors(self._console, each.migration.name, each.progress)

    def _due(self) -> Sequence[Standing]:
        """Return what is to be done, each with the progress to begin at."""
        found, _ = standings(now=self._clock())
        only = self._options["only"]
        asked = [
            each for each in found if only in (None, each.migration.name, each.migration.name[:4])
        ]
        if not asked:
            names = ", ".join(each.migration.name for each in found)
            raise UsageError(f"No migration {only}: there is {names}.")
        due = []
        for each in asked:
            start = beginning(each.progress, again=self._options["again"] or self._has_more(each))
            if start is None:
                self._console.print(f"{each.migration.name}: done already.")
            else:
                due.append(Standing(migration=each.migration, progress=start))
        return due

    def _has_more(self, standing: Standing) -> bool:
        """Whether documents came after a migration was done, as by another import."""
        name = standing.migration.name
        if standing.progress.state != State.DONE:
            return False
        try:
            has_more = some_left(standing.migration)
        except PyMongoError as error:
            if not error.timeout:
                raise
            self._console.print(f"{name}: too many documents to see whether some came since.")
            return False
        if has_more:
            self._console.print(f"{name}: was done, and documents came since.")
        return has_more

    def _migrate(self, standing: Standing, *, lock: HeldLock) -> Progress:
        name = standing.migration.name
        with bar(self._console, name) as shown:
            after = migrate(
                standing.migration,
                before=standing.progress,
                lock=lock,
                manner=Manner(
                    batch_size=self._options["batch_size"],
                    pace=self._options["pace"],
                    announce=self._options["announce"],
                    clock=self._clock,
                    told=lambda progress: shown(progress.read, total=progress.total),
                    stopped=self._stopped,
                ),
            )
        self._console.print(
            f"{name}: {after.read} documents read, {after.changed} changed, {after.failed} failed."
        )
        told_errors(self._console, name, after)
        return after

    def _rehearse(self) -> None:
        failed = 0
        terms = Terms(now=self._clock(), announce=self._options["announce"])
        for each in self._due():
            total = rewriting.estimated_count(each.migration.collection)
            with bar(self._console, each.migration.name) as shown:
                seen = rehearse(
                    each.migration,
                    before=each.progress,
                    terms=terms,
                    batch_size=self._options["batch_size"],
                    told=partial(shown, total=total),
                    stopped=self._stopped,
                )
            told_rehearsal(self._console, each.migration.name, seen)
            failed += seen.codes.total()
        self._finish(stopped=self._stopped(), failed=failed)

    def _finish(self, *, stopped: bool, failed: int) -> None:
        if stopped:
            raise CommandError("Stopped; the next run goes on there.", returncode=INTERRUPTED)
        if failed:
            raise CommandError(f"Not migrated: {failed}, for the reasons above.", returncode=FAILED)
