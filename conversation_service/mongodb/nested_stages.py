"""Stage documents with dotted paths in place of nested documents.

In `$project`, `$addFields` and `$set` a nested document and a dotted path say the same:
`{sub: {a: 1}}` is `{"sub.a": 1}` (MongoDB manual, "$project", "Nested Fields"). The ORM writes the
nested form for joined models. The embedded SecantusDB server takes it for a literal value, or lets
it replace the whole of `sub`: joined rows come out wrong, and with them the permissions of staff.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_NESTING_STAGES = frozenset({"$project", "$addFields", "$set"})


def dotted(pipeline: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return an aggregation pipeline of the same meaning without nested stage documents.

    Pipelines inside stages (`$lookup`, `$unionWith`, `$facet`) are treated likewise. `pipeline`
    itself stays as it is.
    """
    return [{name: _stage(name, spec) for name, spec in stage.items()} for stage in pipeline]


def _stage(name: str, spec: Any) -> Any:
    if name in _NESTING_STAGES:
        return dict(_paths(spec))
    if name == "$facet":
        return {output: dotted(inner) for output, inner in spec.items()}
    if isinstance(spec, Mapping) and "pipeline" in spec:
        return {**spec, "pipeline": dotted(spec["pipeline"])}
    return spec


def _paths(spec: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for field, value in spec.items():
        if _is_nested(value):
            yield from _paths(value, f"{prefix}{field}.")
        else:
            yield prefix + field, value


def _is_nested(value: Any) -> bool:
    """Whether a value is a document of fields rather than an expression, such as {$add: …}."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and not any(field.startswith("$") for field in value)
    )
