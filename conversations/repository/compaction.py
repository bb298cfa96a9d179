"""Rows of the log that go: read without their content, and deleted."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import DeleteOne

from conversations.repository import log
from conversations.repository.database import Document, collection
from conversations.repository.indexes import ERASED, EVENTS

_WITHOUT_EVENT = {"position": 1, "parked": 1}


def rows(*, partition: int, above: int, upto: int) -> list[Document]:
    """Return a partition's rows above one position and up to another, in order."""
    return log.rows_between(partition=partition, above=above, upto=upto, projection=_WITHOUT_EVENT)


def erased(*, partition: int, above: int, below: int, limit: int) -> list[Document]:
    """Return up to `limit` rows of erased users between two positions, in order."""
    found = collection(EVENTS).find(
        {"partition": partition, **ERASED, "position": {"$gt": above, "$lt": below}},
        _WITHOUT_EVENT,
        sort=[("position", 1)],
        limit=limit,
    )
    return list(found)


def appended_at(row: Document) -> datetime:
    """Return when a row was appended: its `_id` tells, to the second."""
    moment: datetime = row["_id"].generation_time
    return moment.replace(tzinfo=None)


def delete_between(*, partition: int, first: int, last: int) -> int:
    """Delete all rows from one position to another; returns how many there were."""
    between = {"partition": partition, "position": {"$gte": first, "$lt": last + 1}}
    return collection(EVENTS).delete_many(between).deleted_count


def delete(gone: Sequence[Document], *, partition: int) -> int:
    """Delete these rows; returns how many there still were."""
    deletions = [DeleteOne({"partition": partition, "position": row["position"]}) for row in gone]
    return collection(EVENTS).bulk_write(deletions).deleted_count
