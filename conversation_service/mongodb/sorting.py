"""Pipelines whose sort an index can serve.

`order_by()` on plain fields makes the ORM write `{$addFields: {x: "$x"}}` before `{$sort: {x: 1}}`.
That changes no document, but what is computed comes from no index: the server reads, and sorts,
every document that matches. Without the stage it walks the index and stops at the limit.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def index_sorted(pipeline: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return an aggregation pipeline of the same meaning that sets no field to itself."""
    return [kept for stage in pipeline if (kept := _without_copies(stage))]


def _without_copies(stage: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$addFields" not in stage:
        return stage
    fields = {
        name: value for name, value in stage["$addFields"].items() if not _is_copy(name, value)
    }
    return {"$addFields": fields} if fields else {}


def _is_copy(name: str, value: Any) -> bool:
    # A dotted path is another matter: through an array it reads all the elements at once.
    return value == f"${name}" and "." not in name
