"""`manage.py cleanup`: what the scheduled tasks clean up bit by bit, at once and to the end."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from conversations import dependencies
from conversations.management.teaching import ServerAway, TeachingCommand, UsageError, console_of
from conversations.services.cleanup.chore import Chore, carry_out
from conversations.services.cleanup.conversations import expiry_chores, trash_chores
from conversations.services.cleanup.log import log_chores
from conversations.services.cleanup.orphans import deep_orphan_chores

NARROWEST = 100  # columns of a table that goes into a file or a pipe
KINDS = {
    "trash": {"trash": "conversations in the trash for TRASH_RETENTION_DAYS: purged"},
    "expired": {"expired": "conversations whose expires_at has come: purged"},
    "log": {
        "log": "published events kept for EVENTS_RETENTION_DAYS: deleted from the log",
        "erased": "published events of erased users: deleted from the log",
    },
    "orphans": {
        "shell": "purged conversations that were not removed: their log emptied, they removed",
        "events": "conversations with events that no sweep finds: moved to the log",
        "content": "purged conversations with content in the log: emptied there",
    },
}

DESCRIPTION = """\
Clean up what is over. Scheduled tasks do the same every few minutes, for a few seconds each; this
goes on to the end, or only counts. It can be stopped and run again at any time, beside the tasks
too. Only here does `orphans` read all conversations and the whole log: run it after a restore.
"""
EXAMPLES = """\
examples:
  manage.py cleanup --dry-run          what there is, without touching it
  manage.py cleanup                    all of it
  manage.py cleanup trash expired      these only
  manage.py cleanup orphans --dry-run  is everything whole?
"""


@dataclass(kw_only=True)
class _Tally:
    """How much of one kind was found, and how much of it cleaned up."""

    found: int = 0
    done: int = 0


class Command(TeachingCommand):
    """Clean up to the end."""

    help = "Purge trash and expired conversations, compact the event log, mend orphans."
    description = DESCRIPTION
    examples = EXAMPLES
    stopped = "Stopped: what was done stays done; run it again to go on."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "what", nargs="*", metavar="WHAT", help=f"{', '.join(KINDS)}; all if none is named"
        )
        parser.add_argument("--dry-run", action="store_true", help="only count; change nothing")

    def handle(self, **options: Any) -> None:
        """Run the command; raises CommandError, which exits with 1."""
        wanted = options["what"] or list(KINDS)
        if unknown := [what for what in wanted if what not in KINDS]:
            raise UsageError(f"Not {unknown[0]}: it can be {', '.join(KINDS)}.")
        console = console_of(options, narrowest=NARROWEST)
        tallies = {kind: _Tally() for what in wanted for kind in KINDS[what]}
        sources = _sources(now=dependencies.get().clock())
        act = _only_count if options["dry_run"] else carry_out
        try:
            with _progress(console) as progress:
                for what in wanted:
                    _go_through(what, sources[what](), act=act, tallies=tallies, progress=progress)
        except PyMongoError as error:
            raise ServerAway(
                f"The database failed ({type(error).__name__}): what was done stays done; run it "
                "again."
            ) from None
        if options["verbosity"]:
            console.print(_table(wanted, tallies, dry_run=options["dry_run"]))


def _sources(*, now: datetime) -> Mapping[str, Callable[[], Iterable[Chore]]]:
    config = settings.CONFIG
    trash = timedelta(days=config.trash_retention_days)
    events = timedelta(days=config.events_retention_days)
    return {
        "trash": lambda: trash_chores(now=now, retention=trash),
        "expired": lambda: expiry_chores(now=now),
        "log": lambda: log_chores(now=now, retention=events),
        "orphans": lambda: deep_orphan_chores(now=now),
    }


def _only_count(_chore: Chore) -> int:
    return 0


def _go_through(
    what: str,
    chores: Iterable[Chore],
    *,
    act: Callable[[Chore], int],
    tallies: Mapping[str, _Tally],
    progress: Progress,
) -> None:
    task = progress.add_task(what, total=None)
    for chore in chores:
        tally = tallies[chore.kind]
        tally.found += chore.size
        tally.done += act(chore)
        progress.advance(task, chore.size)
    progress.update(task, total=1, completed=1)


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"))
    number, elapsed = TextColumn("{task.completed:.0f}"), TimeElapsedColumn()
    return Progress(
        *columns,
        number,
        elapsed,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _table(wanted: Iterable[str], tallies: Mapping[str, _Tally], *, dry_run: bool) -> Table:
    table = Table("what", "which", "found", *([] if dry_run else ["cleaned up"]))
    for what in wanted:
        for kind, meaning in KINDS[what].items():
            tally = tallies[kind]
            numbers = [tally.found] if dry_run else [tally.found, tally.done]
            table.add_row(kind, meaning, *map(str, numbers))
    return table
