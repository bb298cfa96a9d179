"""What `manage.py migrate_data` shows, and how it is stopped."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from conversations.repository.data_migrations import Lock
from conversations.services.migrations.progress import MOST_ERRORS, State
from conversations.services.migrations.progress import Progress as Done
from conversations.services.migrations.rehearsal import Rehearsal
from conversations.services.migrations.standing import Standing

STYLES = {
    State.PENDING: "yellow",
    State.RUNNING: "cyan",
    State.INTERRUPTED: "bold yellow",
    State.INCOMPLETE: "bold red",
    State.DONE: "green",
}


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Yield what says whether the work is to stop: after SIGINT or SIGTERM, at the next batch.

    A second signal ends the process at once, which loses nothing but the batch's count.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def stop(_signum: int, _frame: Any) -> None:
        asked.set()
        restore()

    def restore() -> None:
        for each, handler in before.items():
            signal.signal(each, handler)

    for each in before:
        signal.signal(each, stop)
    try:
        yield asked.is_set
    finally:
        restore()


@contextmanager
def bar(console: Console, name: str) -> Iterator[Callable[..., None]]:
    """Show a progress bar on a terminal; yields what moves it: documents read, and about how many.

    More may come while it goes: the estimate is never below what is read.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(name, total=None)

        def move(read: int, *, total: int) -> None:
            progress.update(task, completed=read, total=max(read, total))

        yield move


def told_table(found: Sequence[Standing]) -> Table:
    """Return the table of all migrations."""
    headings = ("state", "read", "of about", "changed", "failed", "started", "finished", "error")
    table = Table("migration", *headings)
    for each in found:
        done = each.progress
        table.add_row(
            each.migration.name,
            Text(done.state, style=STYLES[done.state]),
            *(str(number) for number in (done.read, done.total, done.changed, done.failed)),
            *(_moment(moment) for moment in (done.started_at, done.finished_at)),
            done.error or "",
        )
    return table


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def told_holder(lock: Lock | None) -> str:
    """Return who carries migrations out."""
    if lock is None:
        return "Another runner has just begun."
    return (
        f"Held by {lock.holder}, since {_moment(lock.since)} UTC; it last gave a sign of life at "
        f"{_moment(lock.heartbeat_at)} UTC."
    )


def told_errors(console: Console, name: str, done: Done) -> None:
    """Print the ids of documents that could not be migrated, and why."""
    if not done.failed:
        return
    console.print(f"{name}: not migrated, {MOST_ERRORS} of them at most:")
    for error in done.errors:
        console.print(f"  {error['id']}  {error['code']}")


def told_rehearsal(console: Console, name: str, seen: Rehearsal) -> None:
    """Print what a run would do."""
    failed = seen.codes.total()
    console.print(
        f"{name}: {seen.read} documents read, {seen.would_change} would change, {failed} cannot be "
        "migrated. Nothing was written."
    )
    if seen.fields:
        console.print(f"  for example, one would get: {', '.join(seen.fields)}")
    for code, number in seen.codes.most_common():
        ids = [str(each) for each, why in seen.errors.items() if why == code]
        console.print(f"  {number} for {code}, such as {', '.join(ids[:5])}")
