"""The log is compacted: from its beginning, what is published and old."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from bson import ObjectId

from conversations.dependencies import utc_now
from conversations.document import partition_of
from conversations.repository import events, outbox
from conversations.repository.database import collection
from conversations.services.cleanup import log
from conversations.services.cleanup.chore import work_off
from conversations.services.cleanup.log import log_chores
from conversations.tasks.cleanup import clean_log
from tests.client import ApiClient
from tests.doubles.dying import dies
from tests.integration.api.test_concurrency import together

RETENTION = timedelta(days=90)  # the default of EVENTS_RETENTION_DAYS
OLD, YOUNG = timedelta(days=91), timedelta(days=89)
NUMBERS = count(1_000)  # of partitions that no user has


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition of the log that is the test's own."""

    number: int

    def append(self, how_many: int, *, age: timedelta) -> None:
        """Append rows as if they had been so some time ago."""
        first = outbox.find(self.number).appended + 1
        collection("conversation_events").insert_many(
            {
                "_id": _id_from(utc_now() - age),
                "partition": self.number,
                "position": position,
                "event_id": f"{self.number}-{position}",
                "event": {"user_id": "nobody", "conversation_id": "none", "data": None},
            }
            for position in range(first, first + how_many)
        )
        outbox.raise_appended(partition=self.number, position=first + how_many - 1)

    def publish(self, upto: int) -> None:
        """Let the broker have all up to a position."""
        outbox.raise_published(partition=self.number, position=upto)

    def mark(self, *positions: int, **fields: Any) -> None:
        """Set fields of rows."""
        for position in positions:
            key = {"partition": self.number, "position": position}
            collection("conversation_events").update_one(key, {"$set": fields})

    def park(self, *positions: int) -> None:
        """Let the broker have refused rows."""
        self.mark(*positions, parked={"reason": "too large", "at": utc_now()})

    @property
    def positions(self) -> list[int]:
        """The positions that the log still has."""
        rows = collection("conversation_events").find({"partition": self.number}, {"position": 1})
        return sorted(row["position"] for row in rows)

    @property
    def compacted(self) -> int:
        """The position up to which readers are told that rows may be gone."""
        return outbox.find(self.number).compacted


def _id_from(moment: datetime) -> ObjectId:
    """Return a new id such as the driver would have made at that moment."""
    seconds = int(moment.replace(tzinfo=UTC).timestamp())
    return ObjectId(seconds.to_bytes(4, "big") + os.urandom(8))


@pytest.fixture
def new_partition(database: None) -> Iterator[Callable[[], Partition]]:
    """Return partitions that are gone after the test."""
    made: list[int] = []

    def make() -> Partition:
        made.append(next(NUMBERS))
        return Partition(number=made[-1])

    yield make
    for number in made:
        collection("conversation_events").delete_many({"partition": number})
        collection("outbox").delete_one({"_id": number})


@pytest.fixture
def partition(new_partition: Callable[[], Partition]) -> Partition:
    return new_partition()


def test_it_deletes_what_is_published_and_old(partition: Partition) -> None:
    """The younger stay, whoever has read them."""
    partition.append(6, age=OLD)
    partition.append(4, age=YOUNG)
    partition.publish(10)
    clean_log()
    assert partition.positions == [7, 8, 9, 10]
    assert partition.compacted == 6


def test_it_keeps_what_is_not_published(partition: Partition) -> None:
    """However old: a broker may have been away for long."""
    partition.append(10, age=OLD)
    clean_log()
    assert partition.positions == list(range(1, 11))
    partition.publish(4)
    clean_log()
    assert partition.positions == list(range(4, 11))


def test_it_never_deletes_the_highest(partition: Partition) -> None:
    """By it the next position is found: the numbers go on where they were."""
    partition.append(10, age=OLD)
    partition.publish(10)
    clean_log()
    assert partition.positions == [10]
    event = {"event_id": "next", "user_id": "nobody", "conversation_id": "none", "sequence": 1}
    events.append(partition=partition.number, events=[event])
    assert partition.positions == [10, 11]


def test_it_keeps_what_is_parked_until_it_is_sent(partition: Partition) -> None:
    """Those around it go; it goes itself once it is parked no more."""
    partition.append(10, age=OLD)
    partition.park(1, 4, 5)
    partition.publish(10)
    clean_log()
    assert partition.positions == [1, 4, 5, 10]
    collection("conversation_events").update_one(
        {"partition": partition.number, "position": 4}, {"$unset": {"parked": 1}}
    )
    clean_log()
    assert partition.positions == [1, 5, 10]


def test_it_deletes_what_was_erased_before_its_time(partition: Partition) -> None:
    """Published, and so old that no harvester can bring it back: minutes, not days."""
    partition.append(5, age=timedelta(hours=1))
    partition.append(5, age=timedelta(minutes=1))
    partition.mark(2, 3, 4, 8, 10, erased=True)
    partition.park(4)
    partition.publish(3)
    clean_log()
    assert partition.positions == [1, 3, 4, 5, 6, 7, 8, 9, 10]
    partition.publish(10)
    clean_log()
    assert partition.positions == [1, 4, 5, 6, 7, 8, 9, 10]
    assert partition.compacted == 0


def test_it_keeps_the_log_as_long_as_configured(partition: Partition, settings: Any) -> None:
    """EVENTS_RETENTION_DAYS."""
    settings.CONFIG = settings.CONFIG.model_copy(update={"events_retention_days": 100})
    partition.append(3, age=OLD)
    partition.publish(3)
    clean_log()
    assert partition.positions == [1, 2, 3]


def test_it_serves_all_partitions_in_batches(
    new_partition: Callable[[], Partition], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen of them, each with several batches and a hole."""
    monkeypatch.setattr(log, "BATCH", 10)
    partitions = [new_partition() for _ in range(16)]
    for each in partitions:
        each.append(35, age=OLD)
        each.publish(35)
        collection("conversation_events").delete_many(
            {"partition": each.number, "position": {"$gt": 5, "$lt": 28}}
        )
    done = work_off(log_chores(now=utc_now(), retention=RETENTION), seconds=60)
    assert [each.positions for each in partitions] == [[35]] * 16
    assert done["log"] == 16 * (5 + 7)


def test_it_goes_on_where_its_time_was_over(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch at a time."""
    monkeypatch.setattr(log, "BATCH", 4)
    partition.append(10, age=OLD)
    partition.publish(10)
    for left in (6, 2, 1):
        work_off(log_chores(now=utc_now(), retention=RETENTION), seconds=0)
        assert len(partition.positions) == left


def test_many_cleaners_at_once_delete_each_once(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none that is to stay."""
    monkeypatch.setattr(log, "BATCH", 10)
    partition.append(95, age=OLD)
    partition.append(5, age=YOUNG)
    partition.park(50)
    partition.publish(100)

    def clean(_number: int) -> int:
        return work_off(log_chores(now=utc_now(), retention=RETENTION), seconds=60)["log"]

    assert sum(together(4, clean)) == 94
    assert partition.positions == [50, *range(96, 101)]


def test_who_dies_leaves_the_rest_to_the_next(
    new_partition: Callable[[], Partition], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After whichever write; at no time is something gone that readers are not told of."""
    monkeypatch.setattr(log, "BATCH", 4)
    for writes in count(1):
        partition = new_partition()
        partition.append(11, age=OLD)
        partition.append(2, age=timedelta(hours=1))
        partition.mark(12, erased=True)
        partition.park(6)
        partition.publish(13)
        died = dies(clean_log, after=writes)
        gone = set(range(1, 12)) - set(partition.positions)
        assert partition.compacted >= max(gone, default=0)
        clean_log()
        assert partition.positions == [6, 13]
        if not died:
            break
    assert writes > 7  # the checkpoint raised and rows deleted, thrice; the erased one


def test_a_reader_of_the_feed_is_told_what_is_gone(api: ApiClient) -> None:
    """A place before what is compacted is 410; one after it reads on, and so does a new reader."""
    created = api.create()
    old = api.get("/events").json["next_cursor"]
    api.patch(created["id"], {"title": "New"})
    new = api.get("/events").json["next_cursor"]
    partition = partition_of(api.user_id)
    outbox.raise_compacted(partition=partition, position=outbox.find(partition).appended)
    api.patch(created["id"], {"title": "Newer"})
    answer = api.get(f"/events?after={old}")
    assert (answer.status, answer.code) == (410, "feed_position_expired")
    for after in (f"?after={new}", ""):
        [event] = api.get(f"/events{after}").json["results"]
        assert event["sequence"] == 3
