"""Everything that is held about a user, line by line, in bounded memory.

Each batch is one read by keyset, with a time limit of its own: a reader may take as long as it
likes between two. What does not change meanwhile is there exactly once.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, TypeAlias

import pymongo
from bson import ObjectId

from conversations.document import partition_of
from conversations.job import represent_job
from conversations.repository import conversations, idempotency, jobs, log
from conversations.repository.listing import Position
from conversations.repository.queries import visible
from conversations.representation import represent, timestamp
from conversations.services.harvest import BATCH as HARVESTED_AT_ONCE
from conversations.services.harvest import harvest_user

FORMAT = 1
BATCH = 100  # documents
BATCH_LIMIT = 10.0  # seconds

Line: TypeAlias = dict[str, Any]
Lines: TypeAlias = list[Line]


def export_user(*, user_id: str, now: datetime) -> Iterator[Lines]:
    """Yield the lines about a user, some at a time: a header, what there is, and an end.

    The end has the number of lines between it and the header: without it the export is not whole.
    Raises PyMongoError where the database does not answer in time, then there is no end.
    """
    yield [{"type": "header", "format": FORMAT, "user_id": user_id, "exported_at": timestamp(now)}]
    count = 0
    for lines in chain(
        _conversations(user_id, now), _events(user_id), _jobs(user_id), _keys(user_id)
    ):
        count += len(lines)
        yield lines
    yield [{"type": "end", "count": count}]


def export_conversations(*, owners: Mapping[ObjectId, str], now: datetime) -> Lines:
    """Return the same form of some conversations, each named with its owner: all lines at once.

    Those that no caller can see are left out.
    """
    found = [
        _timely(conversations.find, conversation_id=each, user_id=owner)
        for each, owner in owners.items()
    ]
    lines = [
        {"type": "conversation", **represent(document)}
        for document in found
        if document is not None and visible(document, now=now)
    ]
    header = {"type": "header", "format": FORMAT, "exported_at": timestamp(now)}
    return [header, *lines, {"type": "end", "count": len(lines)}]


def _timely(read: Callable[..., Any], /, **arguments: Any) -> Any:
    # Around each read and nothing else: across a yield it would bound whoever reads the lines.
    with pymongo.timeout(BATCH_LIMIT):
        return read(**arguments)


def _conversations(user_id: str, now: datetime) -> Iterator[Lines]:
    last = None
    while True:
        found = _timely(conversations.find_after, after=last, user_id=user_id, limit=BATCH)
        yield [
            {"type": "conversation", **represent(document)}
            for document in found
            if visible(document, now=now)
        ]
        if len(found) < BATCH:
            return
        last = found[-1]["_id"]


def _events(user_id: str) -> Iterator[Lines]:
    # All of them from the log: one that moves there meanwhile could be missed, or come twice.
    while _timely(harvest_user, user_id=user_id) == HARVESTED_AT_ONCE:
        pass
    position = 0
    while True:
        found = _timely(
            log.rows_after,
            partition=partition_of(user_id),
            position=position,
            user_id=user_id,
            limit=BATCH,
        )
        yield [{"type": "event", **row["event"]} for row in found]
        if len(found) < BATCH:
            return
        position = found[-1]["position"]


def _jobs(user_id: str) -> Iterator[Lines]:
    position = None
    while True:
        found = _timely(jobs.read_slice, owner=user_id, filters={}, position=position, limit=BATCH)
        yield [{"type": "job", **represent_job(job)} for job in found.rows]
        if not found.more:
            return
        last = found.rows[-1]
        position = Position(value=last["created_at"], row_id=last["_id"])


def _keys(user_id: str) -> Iterator[Lines]:
    last = ""
    while True:
        found = _timely(idempotency.find_after, after=last, user_id=user_id, limit=BATCH)
        yield [
            {
                "type": "idempotency_key",
                "conversation_id": str(record["conversation_id"]),
                "created_at": timestamp(record["created_at"]),
            }
            for record in found
        ]
        if len(found) < BATCH:
            return
        last = found[-1]["_id"]
