"""The published schemas of events, as a consumer uses them."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

DOCS = Path(__file__).resolve().parents[1] / "docs"
SCHEMAS = DOCS / "schemas"
TYPES = sorted(path.stem for path in (SCHEMAS / "events").iterdir())


@cache
def validator_of(event_type: str) -> Any:
    """Return the validator of a type's schema, which refers to files beside it."""
    schema = {"$ref": (SCHEMAS / "events" / f"{event_type}.json").as_uri()}
    registry: Registry[Any] = Registry(retrieve=_read)  # type: ignore[call-arg]  # attrs' alias
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(schema, registry=registry, format_checker=checker)


def _read(uri: str) -> Resource[Any]:
    return Resource.from_contents(json.loads(Path(urlsplit(uri).path).read_text()))


def faults(event: dict[str, Any]) -> list[str]:
    """Return what is wrong with an event, by the schema of its type."""
    return [fault.message for fault in validator_of(event["event_type"]).iter_errors(event)]
