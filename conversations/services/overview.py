"""What the admin's first page says of everybody's conversations, in little time or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import pymongo
from pymongo.errors import PyMongoError

from conversations.repository import everyone
from conversations.states import LISTED

TIME_LIMIT = 3.0  # seconds that the database may take for one of the figures
DAYS = 30
CHARACTERS = 10

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """Figures; one is None where the database did not answer in time.

    `created`: of the last DAYS days, UTC, today last. `statuses`: in the order of the life cycle.
    `characters`: those of most active conversations created in these days, with their numbers.
    """

    created: list[tuple[date, int]] | None
    statuses: list[tuple[str, int]] | None
    characters: list[tuple[str, int]] | None


def overview(*, now: datetime) -> Overview:
    """Return the figures; each is counted in an index, over as much of it as there is to count."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    return Overview(
        created=in_time(lambda: [(day.date(), _created_on(day)) for day in days]),
        statuses=in_time(
            lambda: [(status.value, everyone.count_with_status(status)) for status in LISTED]
        ),
        characters=in_time(lambda: everyone.characters_since(days[0], limit=CHARACTERS)),
    )


def in_time(find_out: Callable[[], T]) -> T | None:
    """Return what `find_out` returns, or None where the database takes too long."""
    try:
        with pymongo.timeout(TIME_LIMIT):
            return find_out()
    except PyMongoError:
        return None


def _created_on(day: datetime) -> int:
    return everyone.count_created(start=day, end=day + timedelta(days=1))
