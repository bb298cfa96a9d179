"""The feed: events in the order of the log, for readers who come back for more.

docs/decisions/feed.md says why a place in it is a position for each partition.
"""

import heapq
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from conversations import dependencies
from conversations.caller import Caller
from conversations.document import PARTITIONS, partition_of
from conversations.errors import FeedPositionExpired
from conversations.repository import log, outbox
from conversations.repository.database import Document
from conversations.repository.outbox import Checkpoint
from conversations.services.harvest import harvest_user
from integrations.resilience.deadline import Deadline

FIRST_LOOK, LONGEST_LOOK = 0.1, 1.0  # seconds between two looks of a request that waits
SLOWER = 1.3
MARGIN = 2.0  # seconds of the request's time that waiting leaves for reading and answering


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """Whose events: those of one owner, or, where it is None, everybody's."""

    owner: str | None

    @property
    def partitions(self) -> Sequence[int]:
        """The partitions of the log that have them."""
        return range(PARTITIONS) if self.owner is None else (partition_of(self.owner),)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedPage:
    """Events, oldest first; `after` is the position of each partition to go on from.

    `full`: more may be there already.
    """

    events: list[Document]
    after: list[int]
    full: bool


def read_feed(
    *, feed: Feed, after: Sequence[int] | None, limit: int, wait: float, caller: Caller
) -> FeedPage:
    """Return up to `limit` events after those positions, or from the oldest that is kept.

    Where there is none it waits for one up to `wait` seconds, if a place to wait is free.
    Raises FeedPositionExpired if events after those positions are not kept any more.
    """
    page = _read(feed, after=after, limit=limit)
    ends = Deadline.after(min(wait, caller.deadline.remaining() - MARGIN))
    if page.events or ends.expired:
        return page
    return _wait(feed, page, limit=limit, ends=ends)


def _wait(feed: Feed, page: FeedPage, *, limit: int, ends: Deadline) -> FeedPage:
    """Look again and again, at once when the alarm rings, until there is an event."""
    waiters, pause = dependencies.get().waiters, FIRST_LOOK
    with waiters.place(feed.owner) as alarm:
        while alarm is not None:
            page = _read(feed, after=page.after, limit=limit)
            if page.events or ends.expired or waiters.closed:
                break
            jitter = random.uniform(0.8, 1.2)  # noqa: S311  # spreads the looks, no secret
            alarm.wait(min(pause * jitter, ends.remaining()))
            alarm.clear()
            pause = min(pause * SLOWER, LONGEST_LOOK)
    return page


def position_after(*, event_id: str, owner: str) -> list[int]:
    """Return the place after one of an owner's events. Raises FeedPositionExpired if it is gone.

    One that never was cannot be told from one that is gone.
    """
    partition = partition_of(owner)
    while True:
        position = log.position_of(partition=partition, event_id=event_id, user_id=owner)
        if position is not None:
            return [position]
        if not harvest_user(owner):
            raise FeedPositionExpired


def _read(feed: Feed, *, after: Sequence[int] | None, limit: int) -> FeedPage:
    """Return what there is now.

    One find where nothing is new; else two, and at least one for each partition that has news. The
    feed of one user has all writes before this call, also while nobody else harvests them.
    """
    if feed.owner is not None:
        harvest_user(feed.owner)
    checkpoints = _checkpoints(feed)
    before = _places(feed, checkpoints, after=after)
    news = {
        each.partition: each.appended
        for each in checkpoints
        if each.appended > before[each.partition]
    }
    rows = _merged(
        {partition: before[partition] for partition in news}, owner=feed.owner, limit=limit
    )
    if news and after is not None:
        # Only now: cleaning up says what it will delete before it does.
        _check_kept(before, _checkpoints(feed))
    full = len(rows) == limit
    # Read to the end: what others have there is passed too, so that the place of a reader to whom
    # nothing happens does not grow old.
    reached = before | ({} if full else news)
    for row in rows:
        reached[row["partition"]] = max(reached[row["partition"]], row["position"])
    return FeedPage(
        events=[row["event"] for row in rows],
        after=[reached[partition] for partition in feed.partitions],
        full=full,
    )


def _checkpoints(feed: Feed) -> list[Checkpoint]:
    return outbox.find_all() if feed.owner is None else [outbox.find(feed.partitions[0])]


def _places(
    feed: Feed, checkpoints: Iterable[Checkpoint], *, after: Sequence[int] | None
) -> dict[int, int]:
    """Return the position in each partition that reading begins after."""
    if after is not None:
        return dict(zip(feed.partitions, after, strict=True))
    compacted = {each.partition: each.compacted for each in checkpoints}
    return {partition: compacted.get(partition, 0) for partition in feed.partitions}


def _check_kept(places: Mapping[int, int], checkpoints: Iterable[Checkpoint]) -> None:
    if any(each.compacted > places[each.partition] for each in checkpoints):
        raise FeedPositionExpired


def _merged(places: Mapping[int, int], *, owner: str | None, limit: int) -> list[Document]:
    """Return up to `limit` rows after these places: always the oldest of the partitions' next."""
    batch = limit // len(places) + 1 if places else 0
    streams = [
        _rows(partition, position=position, owner=owner, batch=batch)
        for partition, position in places.items()
    ]
    # Within one partition heapq keeps the order, whatever the clocks of its writers said.
    return list(islice(heapq.merge(*streams, key=_timestamp), limit))


def _timestamp(row: Document) -> str:
    moment: str = row["event"]["timestamp"]
    return moment


def _rows(partition: int, *, position: int, owner: str | None, batch: int) -> Iterator[Document]:
    """Yield the rows after a position, read as they are needed."""
    while True:
        rows = log.rows_after(partition=partition, position=position, user_id=owner, limit=batch)
        yield from rows
        if len(rows) < batch:
            return
        position = rows[-1]["position"]
