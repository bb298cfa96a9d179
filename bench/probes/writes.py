"""Whether writes, constraints and transactions are what MongoDB's are."""

from __future__ import annotations

from collections.abc import Callable

from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from bench.probes.base import Document, compared, probe


@probe("findOneAndUpdate with $set, $inc, $min, $max, $push $each $slice")
def combined_update(database: Database[Document]) -> str:
    updated = database["updated"]
    updated.insert_one({"_id": 1, "n": 5, "low": 9, "high": 1, "last": [1, 2, 3]})
    change = {
        "$set": {"name": "x"},
        "$inc": {"n": 2},
        "$min": {"low": 4},
        "$max": {"high": 7},
        "$push": {"last": {"$each": [4, 5], "$slice": -3}},
    }
    after = updated.find_one_and_update(
        {"_id": 1, "last": {"$ne": 4}}, change, return_document=ReturnDocument.AFTER
    )
    expected = {"_id": 1, "n": 7, "low": 4, "high": 7, "last": [3, 4, 5], "name": "x"}
    return compared(found=after, expected=expected)


@probe("findOneAndUpdate with a pipeline ($cond, $concatArrays, $slice)")
def pipeline_update(database: Database[Document]) -> str:
    database["piped"].insert_one({"_id": 1, "seen": ["a"], "n": 0})
    is_new = {"$not": [{"$in": ["b", "$seen"]}]}
    stage = {
        "n": {"$cond": [is_new, {"$add": ["$n", 1]}, "$n"]},
        "seen": {"$slice": [{"$concatArrays": ["$seen", ["b"]]}, -2]},
    }
    after = database["piped"].find_one_and_update(
        {"_id": 1}, [{"$set": stage}], return_document=ReturnDocument.AFTER
    )
    return compared(found=after, expected={"_id": 1, "seen": ["a", "b"], "n": 1})


@probe("findOneAndUpdate with an excluding projection")
def projected_update(database: Database[Document]) -> str:
    database["projected"].insert_one({"_id": 1, "n": 1, "hidden": [1]})
    after = database["projected"].find_one_and_update(
        {"_id": 1},
        {"$inc": {"n": 1}},
        projection={"hidden": 0},
        return_document=ReturnDocument.AFTER,
    )
    return compared(found=after, expected={"_id": 1, "n": 2})


@probe("unique index: duplicate refused, with its key pattern")
def unique(database: Database[Document]) -> str:
    database["unique"].create_index([("a", 1), ("b", 1)], unique=True)
    database["unique"].insert_one({"a": 1, "b": 1})
    try:
        database["unique"].insert_one({"a": 1, "b": 1})
    except DuplicateKeyError as error:
        return compared(found=(error.details or {}).get("keyPattern"), expected={"a": 1, "b": 1})
    return "WRONG: accepted"


@probe("$ne in a partialFilterExpression, parallel arrays in one index: refused")
def refused(database: Database[Document]) -> str:
    parallel = database["parallel"]
    parallel.create_index([("p", 1), ("q", 1)])
    partial = {"y": {"$ne": 1}}
    found = [
        _refuses(lambda: parallel.create_index("x", partialFilterExpression=partial)),
        _refuses(lambda: parallel.insert_one({"p": [1, 2], "q": [1, 2]})),
    ]
    return " and ".join("refused" if each else "WRONG: accepted" for each in found)


def _refuses(action: Callable[[], object]) -> bool:
    try:
        action()
    except OperationFailure:
        return True
    return False


@probe("a multi-document transaction: unseen outside, gone after abort")
def transaction(database: Database[Document]) -> str:
    collection = database.create_collection("transacted")
    with database.client.start_session() as session:
        session.start_transaction()
        collection.insert_one({"a": 1}, session=session)
        outside = collection.count_documents({})
        session.abort_transaction()
    return compared(found=(outside, collection.count_documents({})), expected=(0, 0))
