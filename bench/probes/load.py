"""Time limits, contention, speed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bson import ObjectId
from pymongo import timeout
from pymongo.database import Database
from pymongo.errors import PyMongoError

from bench.probes.base import Document, compared, probe


@probe("maxTimeMS of 1 on a slow query, and timeoutMS of 20")
def time_limits(database: Database[Document]) -> str:
    slow = {"$expr": {"$gt": [{"$strLenCP": {"$concat": ["$text", "$text"]}}, 0]}}

    def limited_by_server() -> object:
        return list(database["rows"].find(slow).sort("text").max_time_ms(1))

    def limited_by_client() -> object:
        with timeout(0.02):
            return list(database["rows"].find(slow).sort("text"))

    return f"{_outcome(limited_by_server)}; {_outcome(limited_by_client)}"


def _outcome(action: Callable[[], object]) -> str:
    begun = time.perf_counter()
    try:
        action()
        verdict = "WRONG: not applied"
    except PyMongoError as error:
        verdict = f"{type(error).__name__} code {getattr(error, 'code', None)}"
    return f"{verdict} after {(time.perf_counter() - begun) * 1000:.0f} ms"


def _in_threads(*, work: Callable[[], object], count: int) -> float:
    """Return how many seconds `count` threads doing `work` at once took."""
    threads = [threading.Thread(target=work) for _ in range(count)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun


@probe("16 threads raising one version number by findOneAndUpdate, 20 wins each")
def contention(database: Database[Document]) -> str:
    counter = database["counter"]
    counter.insert_one({"_id": 1, "version": 0})

    def work() -> None:
        wins = 0
        while wins < 20:
            seen = counter.find_one({"_id": 1})
            wins += counter.find_one_and_update(seen or {}, {"$inc": {"version": 1}}) is not None

    took = _in_threads(work=work, count=16)
    verdict = compared(found=counter.find_one(), expected={"_id": 1, "version": 320})
    return f"{verdict}; {took:.1f} s"


@probe("rates from one connection: inserts, updates, finds by _id")
def rates(database: Database[Document]) -> str:
    speed = database["speed"]
    ids = [ObjectId() for _ in range(300)]

    def rate(action: Callable[[ObjectId], object]) -> float:
        begun = time.perf_counter()
        for each in ids:
            action(each)
        return len(ids) / (time.perf_counter() - begun)

    inserts = rate(lambda each: speed.insert_one({"_id": each, "n": 0, "text": "x" * 500}))
    updates = rate(lambda each: speed.update_one({"_id": each}, {"$inc": {"n": 1}}))
    finds = rate(lambda each: speed.find_one({"_id": each}))
    return f"{inserts:,.0f}, {updates:,.0f}, {finds:,.0f} a second"


@probe("finds of 90 rows, 1 thread and 4")
def parallel_finds(database: Database[Document]) -> str:
    def batch() -> None:
        for _ in range(20):
            list(database["rows"].find({"user_id": "small", "status": "active"}))

    rates = [count * 20 / _in_threads(work=batch, count=count) for count in (1, 4)]
    return "{:,.0f} and {:,.0f} a second (2 cores, shared with the client)".format(*rates)
