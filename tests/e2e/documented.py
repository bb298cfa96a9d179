"""What the OpenAPI document promises of an answer."""

from collections.abc import Callable
from typing import Any

import requests
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

Check = Callable[[requests.Response, str, str], Any]
OPTIONAL = {
    "Access-Control-Allow-Origin",
    "Idempotent-Replayed",
    "RateLimit",
    "RateLimit-Policy",
    "X-Degraded",
}
# What HTTP and browsers know of every answer.
ORDINARY = {
    "Allow",
    "Content-Length",
    "Content-Type",
    "Cross-Origin-Opener-Policy",
    "Date",
    "Referrer-Policy",
    "Server",
    "Transfer-Encoding",
    "Vary",
    "X-Content-Type-Options",
    "X-Frame-Options",
}
OPEN = {"ConversationMetadata", "DependencyHealth"}  # where more may come


def check_against(document: dict[str, Any]) -> Check:
    """Return a function that checks an answer of an operation, and returns its body."""

    def check(answer: requests.Response, path: str, method: str) -> Any:
        responses = document["paths"][path][method]["responses"]
        promised = shared(responses[str(answer.status_code)], document)
        _check_headers(answer, promised.get("headers", {}), document)
        if not answer.content:
            assert "content" not in promised
            return None
        schema = promised["content"][answer.headers["Content-Type"]]["schema"]
        Draft202012Validator({**schema, **_closed(document)}).validate(answer.json())
        return answer.json()

    return check


def _check_headers(
    answer: requests.Response, promised: dict[str, Any], document: dict[str, Any]
) -> None:
    status, sent = answer.status_code, answer.headers
    # A missing scope is one reason of several for a 403.
    optional = OPTIONAL | ({"WWW-Authenticate"} if status == 403 else set())
    ordinary = ORDINARY - ({"Allow"} if status == 405 else set())
    missing = {name for name in promised if name not in sent} - optional
    assert not missing, f"promised, not sent: {missing}"
    told = {name.lower() for name in (*promised, *ordinary)}
    untold = {name for name in sent if name.lower() not in told}
    assert not untold, f"sent, not documented: {untold}"
    for name in promised.keys() & sent.keys():
        schema = shared(promised[name], document)["schema"]
        value = int(sent[name]) if schema["type"] == "integer" else sent[name]
        Draft202012Validator(schema).validate(value)


def shared(node: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference to a component refers to; what is none, as it is."""
    _, _, kind, name = node.get("$ref", "///").split("/")
    found: dict[str, Any] = document["components"][kind][name] if kind else node
    return found


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """Return the components with their objects closed: undocumented members are found."""
    components = {
        name: {**component, "additionalProperties": False}
        if component["type"] == "object" and name not in OPEN
        else component
        for name, component in document["components"]["schemas"].items()
    }
    return {"components": {"schemas": components}}
