"""A kind of job for tests: each batch marks one number, and says what tests want to see."""

import threading
from collections.abc import Callable

from pymongo.errors import AutoReconnect

from conversations.job import job_error
from conversations.repository.database import collection
from conversations.services.jobs.kinds import KINDS
from conversations.services.jobs.step import JobFailed, Kind, Step, Work

KIND = "count_up"
COUNTED = "counted_by_tests"
before_batch: Callable[[Work], None] = lambda _work: None  # noqa: E731  # tests put theirs here
_LOCK = threading.Lock()


def step(work: Work) -> Step:
    """Mark the number after the cursor, once however often it is tried."""
    before_batch(work)
    number = (work.cursor or 0) + 1
    trouble = work.arguments.get("trouble", {}).get(str(number))
    if trouble == "database":
        raise AutoReconnect("as a test wants it")
    if trouble == "crash":
        raise ZeroDivisionError
    if trouble == "failure":
        raise JobFailed(code="no_luck", detail="It was not to be.")
    collection(COUNTED).update_one(
        {"_id": f"{work.job_id} {number}"}, {"$inc": {"tries": 1}}, upsert=True
    )
    to = work.arguments["to"]
    errors = (
        [job_error(code="odd", detail="An odd one.", subject=str(number))] if number % 2 else []
    )
    result = {"sum": to * (to + 1) // 2} if number == to else None
    return Step(cursor=number, done=number, total=to, errors=errors, result=result)


def tries(job_id: object) -> list[int]:
    """Return how often each number was marked, in order."""
    found = collection(COUNTED).find({"_id": {"$regex": f"^{job_id} "}})
    return [row["tries"] for row in sorted(found, key=lambda row: int(row["_id"].split()[1]))]


KINDS[KIND] = Kind(step=step)
