"""Nested stage documents in the ORM's pipelines, on the server that the tests run against."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from pymongo.collection import Collection

from conversation_service.mongodb.nested_stages import dotted
from conversations.repository.database import collection

ROW = {"_id": 1, "sub": {"a": 5, "b": {"c": 6}, "z": 7}, "top": 8}

# A pipeline with nested stage documents, and what MongoDB's manual says it makes of ROW.
EXAMPLES = {
    "inclusion": ([{"$project": {"sub": {"a": 1}}}], {"_id": 1, "sub": {"a": 5}}),
    "deeper": ([{"$project": {"sub": {"b": {"c": 1}}}}], {"_id": 1, "sub": {"b": {"c": 6}}}),
    "computed": (
        [{"$project": {"sub": {"a": {"$add": ["$top", 1]}}, "top": 1}}],
        {"_id": 1, "sub": {"a": 9}, "top": 8},
    ),
    "addition": (
        [{"$addFields": {"sub": {"n": "$top"}}}],
        {**ROW, "sub": {**ROW["sub"], "n": 8}},  # type: ignore[dict-item]
    ),
    "set": (
        [{"$set": {"sub": {"b": {"d": "$top"}}}}],
        {**ROW, "sub": {"a": 5, "b": {"c": 6, "d": 8}, "z": 7}},
    ),
    "literal": (
        [{"$addFields": {"other": {"$literal": {"a": 1}}}}],
        {**ROW, "other": {"a": 1}},
    ),
    "facet": (
        [{"$facet": {"rows": [{"$project": {"sub": {"a": 1}}}]}}],
        {"rows": [{"_id": 1, "sub": {"a": 5}}]},
    ),
    "union": (
        [
            {"$match": {"_id": 0}},
            {"$unionWith": {"coll": "", "pipeline": [{"$project": {"sub": {"z": 1}}}]}},
        ],
        {"_id": 1, "sub": {"z": 7}},
    ),
    "lookup": (
        [
            {
                "$lookup": {
                    "from": "",
                    "localField": "_id",
                    "foreignField": "_id",
                    "as": "same",
                    "pipeline": [{"$project": {"sub": {"a": 1}}}],
                }
            },
            {"$project": {"same": 1}},
        ],
        {"_id": 1, "same": [{"_id": 1, "sub": {"a": 5}}]},
    ),
}


@pytest.fixture
def one_row(database: None) -> Iterator[Collection[dict[str, Any]]]:
    """Store ROW; aggregations on this collection go to the server as they are."""
    rows = collection(f"nested_{uuid.uuid4().hex}")
    rows.insert_one(ROW)
    yield rows
    rows.drop()


def _on(rows: Collection[dict[str, Any]], pipeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pipeline with the collection's name where an example leaves it open."""
    return [{stage: _named(spec, rows.name) for stage, spec in step.items()} for step in pipeline]


def _named(spec: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: name if value == "" else value for key, value in spec.items()}


@pytest.mark.parametrize("example", EXAMPLES)
def test_it_means_the_same_with_dotted_paths(
    one_row: Collection[dict[str, Any]], example: str
) -> None:
    """The server gives what MongoDB gives for the nested form."""
    pipeline, expected = EXAMPLES[example]
    assert list(one_row.aggregate(dotted(_on(one_row, pipeline)))) == [expected]  # type: ignore[arg-type]


def test_it_leaves_the_pipeline_it_was_given_alone() -> None:
    """A copy is made, so that a caller can go on with its own."""
    given = [{"$project": {"sub": {"a": 1}}}]
    dotted(given)
    assert given == [{"$project": {"sub": {"a": 1}}}]


def test_it_is_in_place_wherever_it_is_needed(one_row: Collection[dict[str, Any]]) -> None:
    """A server that misreads the nested form is known as the embedded one."""
    nested, expected = EXAMPLES["inclusion"]
    understood = list(one_row.aggregate(nested)) == [expected]  # type: ignore[arg-type]
    assert understood or connections["default"].is_embedded()  # type: ignore[attr-defined]
