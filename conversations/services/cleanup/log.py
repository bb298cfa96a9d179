"""Compacting the log: published events that are old enough go, from its beginning.

Never the row at the published checkpoint nor one above it, so that the highest of a partition
stays, by which the next position is found; never a parked one. docs/decisions/retention.md.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, takewhile

from conversations.repository import compaction, outbox
from conversations.repository.compaction import appended_at
from conversations.repository.database import Document
from conversations.repository.outbox import Checkpoint
from conversations.services.cleanup.chore import Chore

BATCH = 500  # positions
# A harvester that read an event before it was appended may try to append it again. That does
# nothing as long as the row is there: it stays until every such harvester has ended.
LATE = timedelta(minutes=10)


def log_chores(*, now: datetime, retention: timedelta) -> Iterator[Chore]:
    """Yield the deletion of rows that have been in the log for `retention`, and of erased ones."""
    checkpoints = outbox.find_all()
    random.shuffle(checkpoints)  # whose turn comes late in this run may be early in the next
    for checkpoint in checkpoints:
        yield from _left_over(checkpoint)
        yield from _aged(checkpoint, before=now - retention)
        yield from _erased(checkpoint, before=now - LATE)


def _left_over(checkpoint: Checkpoint) -> Iterator[Chore]:
    """Find what was given up and not deleted: by a run that died, or because it was parked."""
    partition = checkpoint.partition
    rows = compaction.rows(partition=partition, above=0, upto=checkpoint.compacted)
    if size := len(_unparked(rows)):
        yield Chore(kind="log", size=size, do=partial(_delete, partition, rows))


def _aged(checkpoint: Checkpoint, *, before: datetime) -> Iterator[Chore]:
    partition, floor = checkpoint.partition, checkpoint.compacted
    end = checkpoint.published - 1
    while floor < end:
        upto = min(floor + BATCH, end)
        rows = compaction.rows(partition=partition, above=floor, upto=upto)
        old = list(takewhile(lambda row: appended_at(row) < before, rows))
        if len(old) < len(rows):
            end = upto = rows[len(old)]["position"] - 1
        if upto > floor:
            compact = partial(_compact, partition, old, upto=upto)
            yield Chore(kind="log", size=len(_unparked(old)), do=compact)
        floor = upto


def _compact(partition: int, rows: Sequence[Document], *, upto: int) -> int:
    outbox.raise_compacted(partition=partition, position=upto)
    return _delete(partition, rows)


def _delete(partition: int, rows: Sequence[Document]) -> int:
    """Delete rows that follow each other, but for the parked ones between them."""
    runs = [list(run) for parked, run in groupby(rows, key=_is_parked) if not parked]
    return sum(
        compaction.delete_between(
            partition=partition, first=run[0]["position"], last=run[-1]["position"]
        )
        for run in runs
    )


def _erased(checkpoint: Checkpoint, *, before: datetime) -> Iterator[Chore]:
    partition, floor, below = checkpoint.partition, 0, checkpoint.published
    while rows := compaction.erased(partition=partition, above=floor, below=below, limit=BATCH):
        gone = [row for row in _unparked(rows) if appended_at(row) < before]
        if gone:
            delete = partial(compaction.delete, gone, partition=partition)
            yield Chore(kind="erased", size=len(gone), do=delete)
        floor = rows[-1]["position"]


def _unparked(rows: Sequence[Document]) -> list[Document]:
    return [row for row in rows if not _is_parked(row)]


def _is_parked(row: Document) -> bool:
    return "parked" in row
