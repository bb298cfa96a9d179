"""A probe: a function from a seeded database to one line of fact.

An answer that a MongoDB server would not give, by its manual, begins with WRONG.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING, IndexModel, MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

Document = dict[str, Any]
Client = MongoClient[Document]
Probe = Callable[[Database[Document]], str]

START = datetime(2026, 1, 1, tzinfo=UTC)
LIST = "of_a_list"
NEWEST_FIRST = [("meta.last", DESCENDING), ("_id", DESCENDING)]
SIZES = {"small": 100, "large": 10_000}
PROBES: dict[str, Probe] = {}


def probe(question: str) -> Callable[[Probe], Probe]:
    """Register a probe under the question it answers."""

    def register(function: Probe) -> Probe:
        PROBES[question] = function
        return function

    return register


def seed(database: Database[Document]) -> None:
    """Insert the rows of two users, one with a hundred times the rows of the other."""
    rows = database["rows"]
    rows.create_indexes(
        [
            IndexModel([("user_id", 1), ("status", 1), ("meta.last", 1), ("_id", 1)], name=LIST),
            IndexModel([("user_id", 1), ("words", 1)]),
        ]
    )
    for user, size in SIZES.items():
        rows.insert_many([_row(user=user, number=number) for number in range(size)])


def _row(*, user: str, number: int) -> Document:
    return {
        "_id": ObjectId(),
        "user_id": user,
        "status": ("active", "archived")[number % 10 == 0],
        "meta": {"last": START + timedelta(seconds=number), "count": number},
        "words": [f"word{number % 1000:04}", "common"],
        "tags": [{"name": f"t{number % 7}", "rank": number % 3}],
        "text": "x" * 500,
    }


def page(user: str) -> Document:
    """Return the filter of a list: two equalities, and a range that leaves all rows."""
    return {"user_id": user, "status": "active", "meta.last": {"$lte": START + timedelta(days=1)}}


def milliseconds(action: Callable[[], object], *, times: int = 5) -> float:
    """Return the median time of an action."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def _stages(plan: Mapping[str, Any]) -> str:
    inner = plan.get("inputStage")
    stage = str(plan.get("stage", "?"))
    return f"{stage} < {_stages(inner)}" if isinstance(inner, Mapping) else stage


def explained(rows: Collection[Document], command: Document) -> str:
    """Return what the server says of its plan for a find, in one line."""
    explain = {"explain": {"find": rows.name, **command}, "verbosity": "executionStats"}
    answer = rows.database.command(explain)
    stats = answer.get("executionStats", {})
    return (
        f"{_stages(answer['queryPlanner']['winningPlan'])}; examined "
        f"{stats.get('totalKeysExamined')} keys, {stats.get('totalDocsExamined')} documents "
        f"for {stats.get('nReturned')}"
    )


def compared(*, found: object, expected: object) -> str:
    """Return the verdict on an answer: right, or WRONG and what was found."""
    return "right" if found == expected else f"WRONG: {found!r}"
