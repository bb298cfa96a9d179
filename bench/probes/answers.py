"""Whether reads are answered as MongoDB answers them."""

from __future__ import annotations

import re

from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from bench.probes.base import Document, compared, probe


@probe("$all of two regex prefixes on one array")
def all_regex(database: Database[Document]) -> str:
    both = [re.compile("^word0042"), re.compile("^comm")]
    found = database["rows"].count_documents({"user_id": "large", "words": {"$all": both}})
    return compared(found=found, expected=10)


@probe("$elemMatch on documents in an array, filter and projection")
def elem_match(database: Database[Document]) -> str:
    match = {"tags": {"$elemMatch": {"name": "t1", "rank": 1}}}
    row = database["rows"].find_one({"user_id": "small", **match}, {"_id": 0, **match})
    return compared(found=row, expected={"tags": [{"name": "t1", "rank": 1}]})


@probe("descending index on strings: range and order")
def descending_strings(database: Database[Document]) -> str:
    names = database["names"]
    names.create_index([("user", ASCENDING), ("name", DESCENDING)])
    values = ["a", "ab", "abc", "b", "ba", "z", "é"]
    names.insert_many([{"user": 1, "name": value} for value in values])
    ranged = names.find({"user": 1, "name": {"$gte": "ab", "$lt": "c"}}).sort("name", DESCENDING)
    return compared(found=[row["name"] for row in ranged], expected=["ba", "b", "abc", "ab"])


@probe("ascending index on strings, read backwards: range and order")
def ascending_strings(database: Database[Document]) -> str:
    names = database["names_ascending"]
    names.create_index([("user", ASCENDING), ("name", ASCENDING)])
    values = ["a", "ab", "abc", "b", "ba", "z", "é"]
    names.insert_many([{"user": 1, "name": value} for value in values])
    ranged = names.find({"user": 1, "name": {"$gte": "ab", "$lt": "c"}}).sort("name", DESCENDING)
    return compared(found=[row["name"] for row in ranged], expected=["ba", "b", "abc", "ab"])


@probe("nested documents in $project")
def nested_project(database: Database[Document]) -> str:
    database["nested"].insert_one({"sub": {"a": 7, "b": 8}, "c": 9})
    stage = {"$project": {"_id": 0, "sub": {"a": 1}}}
    return compared(
        found=database["nested"].aggregate([stage]).to_list(), expected=[{"sub": {"a": 7}}]
    )


@probe("nested documents in $addFields")
def nested_add_fields(database: Database[Document]) -> str:
    database["added"].insert_one({"_id": 1, "sub": {"a": 7, "b": 8}, "c": 9})
    stage = {"$addFields": {"sub": {"d": "$c"}}}
    return compared(
        found=database["added"].aggregate([stage]).to_list(),
        expected=[{"_id": 1, "sub": {"a": 7, "b": 8, "d": 9}, "c": 9}],
    )


@probe("find projection of nested documents")
def nested_projection(database: Database[Document]) -> str:
    database["shape"].insert_one({"sub": {"a": 7, "b": 8}, "c": 9})
    found = database["shape"].find_one({}, {"_id": 0, "sub": {"a": 1}})
    return compared(found=found, expected={"sub": {"a": 7}})


@probe("find projection of dotted paths, included and excluded")
def dotted_projection(database: Database[Document]) -> str:
    paths = database["paths"]
    paths.insert_one({"_id": 1, "sub": {"a": 7, "b": 8}, "c": 9})
    found = (paths.find_one({}, {"_id": 0, "sub.a": 1}), paths.find_one({}, {"sub.a": 0, "c": 0}))
    return compared(found=found, expected=({"sub": {"a": 7}}, {"_id": 1, "sub": {"b": 8}}))


@probe("null and missing, indexed: equality, $ne, $exists, a range, inside arrays")
def nulls(database: Database[Document]) -> str:
    empty = database["empty"]
    empty.create_index("a")
    values: list[Document] = [{"a": None}, {}, {"a": [None, 1]}, {"a": 1}, {"a": []}]
    empty.insert_many([{"_id": number, **value} for number, value in enumerate(values, start=1)])
    conditions: list[tuple[Document, list[int]]] = [
        ({"a": None}, [1, 2, 3]),
        ({"a": {"$ne": None}}, [4, 5]),
        ({"a": {"$exists": False}}, [2]),
        ({"a": {"$gt": 0}}, [3, 4]),
    ]
    found = [sorted(row["_id"] for row in empty.find(condition)) for condition, _ in conditions]
    return compared(found=found, expected=[ids for _, ids in conditions])


@probe("range on an indexed array of numbers: each bound may be met by another element")
def array_range(database: Database[Document]) -> str:
    arrays = database["arrays"]
    arrays.create_index("n")
    arrays.insert_many([{"_id": 1, "n": [1, 9]}, {"_id": 2, "n": [5]}, {"_id": 3, "n": [1, 2]}])
    found = sorted(row["_id"] for row in arrays.find({"n": {"$gt": 4, "$lt": 8}}))
    return compared(found=found, expected=[1, 2])
