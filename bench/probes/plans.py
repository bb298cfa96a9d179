"""The plan that the server says it uses, and whether the time agrees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pymongo.database import Database

from bench.probes.base import (
    LIST,
    NEWEST_FIRST,
    START,
    Document,
    compared,
    explained,
    milliseconds,
    page,
    probe,
)


@probe("explain of a page: equality, range, sort read backwards, limit 20 of 9,000")
def explain_page(database: Database[Document]) -> str:
    newest_first = dict(NEWEST_FIRST)
    find: Document = {"filter": page("large"), "sort": newest_first, "limit": 20}
    return explained(database["rows"], find)


@probe("the same page without a sort")
def explain_unsorted(database: Database[Document]) -> str:
    return explained(database["rows"], {"filter": page("large"), "limit": 20})


@probe("time of that page: of 90 rows, and of 9,000")
def page_times(database: Database[Document]) -> str:
    def read(user: str, *, sort: bool) -> Callable[[], object]:
        order = NEWEST_FIRST if sort else None
        return lambda: list(database["rows"].find(page(user), sort=order, limit=20))

    sizes = ("small", "large")
    times = [milliseconds(read(user, sort=sort)) for sort in (True, False) for user in sizes]
    return "sorted {:.1f} and {:.1f} ms, unsorted {:.1f} and {:.1f} ms".format(*times)


@probe("time of the last such page of 9,000: the range leaves 46 rows")
def last_page_time(database: Database[Document]) -> str:
    wanted = {**page("large"), "meta.last": {"$lte": START + timedelta(seconds=50)}}
    find = database["rows"].find
    return f"{milliseconds(lambda: list(find(wanted, sort=NEWEST_FIRST, limit=20))):.1f} ms"


@probe("time of the page of 90 rows with a hint of the index's name")
def hinted_time(database: Database[Document]) -> str:
    def hinted() -> object:
        return list(database["rows"].find(page("small"), sort=NEWEST_FIRST, limit=20, hint=LIST))

    return f"{milliseconds(hinted):.1f} ms"


@probe("one document by _id and user_id")
def explain_get(database: Database[Document]) -> str:
    rows = database["rows"]
    wanted = {"_id": rows.distinct("_id", {"user_id": "small"})[0], "user_id": "small"}
    took = milliseconds(lambda: rows.find_one(wanted))
    return f"{explained(rows, {'filter': wanted})}; {took:.1f} ms"


@probe("status $in of two beside user_id, 100 rows match of 10,100")
def in_beside_another(database: Database[Document]) -> str:
    rows = database["rows"]
    wanted = {"user_id": "small", "status": {"$in": ["active", "archived"]}}
    took = milliseconds(lambda: list(rows.find(wanted)))
    return f"{explained(rows, {'filter': wanted})}; {took:.1f} ms"


@probe("a filter key outside the index, 100 rows match of 10,100")
def extra_key(database: Database[Document]) -> str:
    wanted = {"user_id": "small", "status": "active", "meta.count": {"$gte": 0}}
    took = milliseconds(lambda: list(database["rows"].find(wanted)))
    return f"{explained(database['rows'], {'filter': wanted})}; {took:.1f} ms"


@probe("regex prefix on an indexed array (word of 10, user of 10,000)")
def regex_prefix(database: Database[Document]) -> str:
    rows = database["rows"]
    wanted = {"user_id": "large", "words": {"$regex": "^word0042"}}
    found = rows.count_documents(wanted)
    took = milliseconds(lambda: list(rows.find(wanted)))
    verdict = compared(found=found, expected=10)
    return f"{verdict}; {explained(rows, {'filter': wanted})}; {took:.1f} ms"


@probe("range inside $elemMatch on an indexed array of strings")
def elem_match_range(database: Database[Document]) -> str:
    inside = {"$elemMatch": {"$gte": "word0042", "$lt": "word0043"}}
    wanted = {"user_id": "large", "words": inside}
    found = database["rows"].count_documents(wanted)
    took = milliseconds(lambda: list(database["rows"].find(wanted)))
    verdict = compared(found=found, expected=10)
    return f"{verdict}; {explained(database['rows'], {'filter': wanted})}; {took:.1f} ms"


@probe("partial index, the filter implies it: 5 of 20 rows in order")
def partial(database: Database[Document]) -> str:
    part = database["part"]
    part.create_index([("u", 1), ("n", 1)], partialFilterExpression={"pinned": True})
    part.insert_many([{"u": 1, "n": n, "pinned": n % 50 == 0} for n in range(1000)])
    find: Document = {"filter": {"u": 1, "pinned": True}, "sort": {"n": -1}, "limit": 5}
    return explained(part, find)


@probe("time to change one row of 10,100 by _id: update_one, findOneAndUpdate")
def change_times(database: Database[Document]) -> str:
    rows = database["rows"]
    wanted = {"_id": rows.distinct("_id", {"user_id": "large"})[-1]}
    change = {"$inc": {"meta.count": 1}}
    update = milliseconds(lambda: rows.update_one(wanted, change))
    return (
        f"{update:.1f} and {milliseconds(lambda: rows.find_one_and_update(wanted, change)):.1f} ms"
    )


@probe("one document by _id and user_id, its conditions in $and")
def and_time(database: Database[Document]) -> str:
    rows = database["rows"]
    row_id = rows.distinct("_id", {"user_id": "large"})[-1]
    wanted: Document = {"$and": [{"_id": row_id}, {"user_id": "large"}]}
    return f"{milliseconds(lambda: rows.find_one(wanted)):.1f} ms"
