"""The last touch to the OpenAPI document: limits where tools want them, and nothing twice."""

from collections.abc import Iterable, Mapping
from typing import Any

from conversations.api import patterns
from conversations.api.moments import LONGEST_MOMENT
from conversations.api.problems import CONTENT_TYPE
from conversations.api.schema import example_problem

_LIMITS: Mapping[str, dict[str, Any]] = {
    "date-time": {"maxLength": LONGEST_MOMENT},
    "uri": {"maxLength": patterns.LONGEST_URL},
}
_SECONDS = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**31 - 1}
_EVERYWHERE: Mapping[str, dict[str, Any]] = {
    "X-Trace-Id": {"description": "The trace that this request belongs to."},
    "traceparent": {"description": "The same as W3C writes it."},
    "X-Service-Name": {"description": "Who answered."},
    "X-Service-Version": {"description": "The version that answered."},
}
_HEADERS: Mapping[str, dict[str, Any]] = {
    "Accept-Patch": patterns.string(128, "^[a-z/+-]+(, [a-z/+-]+)*$"),
    "Access-Control-Allow-Origin": patterns.string(patterns.LONGEST_URL, r"^(\*|https?://.+)$"),
    "Allow": patterns.string(128, "^[A-Z]+(, [A-Z]+)*$"),
    "Cache-Control": patterns.string(64, "^[a-z-]+(, [a-z-]+)*$"),
    "Content-Disposition": patterns.string(128, '^attachment; filename="[a-z.-]+"$'),
    "ETag": patterns.string(64, r'^"[0-9]+(\.[0-9]+)?"$'),
    "Idempotent-Replayed": {"type": "string", "enum": ["true"]},
    "Location": {"type": "string", "format": "uri", "maxLength": patterns.LONGEST_URL},
    "RateLimit": patterns.string(128, '^"[a-z]+";r=[0-9]+(;t=[0-9]+)?$'),
    "RateLimit-Policy": patterns.string(128, '^"[a-z]+";q=[0-9]+;w=[0-9]+$'),
    "Retry-After": _SECONDS,
    "WWW-Authenticate": patterns.string(256, "^Bearer"),
    "X-Degraded": patterns.string(128, "^[a-z-]+(, [a-z-]+)*$"),
    "X-Service-Name": patterns.string(128, r"^[\x20-\x7e]+$"),
    "X-Service-Version": patterns.string(32, r"^[0-9]+\.[0-9]+\.[0-9]+"),
    "X-Trace-Id": patterns.string(64, patterns.TRACE_ID),
    "traceparent": patterns.string(55, "^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$"),
}
# Parameters that nearly every operation has.
_OF_MANY = ("X-Trace-Id", "user_id", "id", "If-Match")

Node = dict[str, Any]


def complete(result: Node, generator: Any, request: Any, public: Any) -> Node:  # noqa: ARG001  # drf-spectacular's signature
    """Return the document with all the limits that tools ask for.

    Headers, and the parameters and errors that operations have in common, become components. What
    every answer of the service carries is added here, to those beside the API too.
    """
    document: Node = _limited(result)
    components = document["components"]
    for path, item in document["paths"].items():
        for operation in item.values():
            operation["parameters"] = [
                _shared(each, components, "parameters", each["name"])
                if each["name"] in _OF_MANY
                else each
                for each in operation.get("parameters", ())
            ]
            responses = operation["responses"]
            for status, response in responses.items():
                response["headers"] = {
                    name: _shared({**header, "schema": _HEADERS[name]}, components, "headers", name)
                    for name, header in {**_EVERYWHERE, **response.get("headers", {})}.items()
                }
                problems = _problems(response)
                if not all(problems.values()):  # beside the API only the codes are named
                    problems.update(_examples(problems, instance=path))
                elif problems:
                    name = "-".join([status, *problems])
                    responses[status] = _shared(response, components, "responses", name)
    return document


def _problems(response: Node) -> dict[str, Node]:
    """Return the examples of problems that a response shows, none if it is a good answer."""
    examples: dict[str, Node] = (
        response.get("content", {}).get(CONTENT_TYPE, {}).get("examples", {})
    )
    return examples


def _examples(codes: Iterable[str], *, instance: str) -> dict[str, Node]:
    return {code: {"value": example_problem(code, instance=instance)} for code in codes}


def _shared(node: Node, components: Node, kind: str, name: str) -> Node:
    """Return a reference to the component of this name, or the node if it differs from that."""
    if components.setdefault(kind, {}).setdefault(name, node) == node:
        return {"$ref": f"#/components/{kind}/{name}"}
    return node


def _limited(node: Any) -> Any:
    """Return a copy in which numbers and formatted strings have limits."""
    if isinstance(node, list):
        return [_limited(each) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {name: _limited(value) for name, value in node.items()}
    kind = copy.get("type")
    if "integer" in (kind if isinstance(kind, list) else [kind]):
        copy.setdefault("format", "int32")
    form = copy.get("format")
    return {**_LIMITS[form], **copy} if isinstance(form, str) and form in _LIMITS else copy
