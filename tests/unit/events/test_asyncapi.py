"""The AsyncAPI document: whole, and of the brokers and events that there are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from conversations.events.transports.rabbitmq import CATCH_ALL, EXCHANGE
from conversations.events.transports.redis_stream import STREAM
from tests.event_schemas import DOCS, TYPES


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    return found


def references(part: Any) -> Iterator[str]:
    """Yield every `$ref` below a part of the document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolved(document: dict[str, Any], reference: str) -> Any:
    """Return what a reference inside the document leads to."""
    found: Any = document
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_all_references_lead_somewhere(document: dict[str, Any]) -> None:
    """To a part of the document, or to a schema's file."""
    assert document["asyncapi"] == "3.0.0"
    found = set(references(document))
    inside = {reference for reference in found if reference.startswith("#/")}
    for reference in inside:
        assert isinstance(resolved(document, reference), dict)
    files = {(DOCS / reference).resolve() for reference in found - inside}
    assert files == {path.resolve() for path in (DOCS / "schemas" / "events").iterdir()}


def test_each_channel_carries_every_type(document: dict[str, Any]) -> None:
    """Under its name, with its schema."""
    for channel in document["channels"].values():
        assert sorted(channel["messages"]) == TYPES
        for event_type, reference in channel["messages"].items():
            message = resolved(document, reference["$ref"])
            assert message["name"] == event_type
            assert Path(message["payload"]["schema"]["$ref"]).stem == event_type
    exchange = document["channels"]["exchange"]
    assert sorted(exchange["parameters"]["event_type"]["enum"]) == TYPES


def test_it_names_what_the_transports_declare(document: dict[str, Any]) -> None:
    """Exchange, queue and stream, durable as they are."""
    channels = document["channels"]
    exchange = channels["exchange"]["bindings"]["amqp"]["exchange"]
    assert (exchange["name"], exchange["type"]) == (EXCHANGE.name, EXCHANGE.type)
    assert exchange["durable"] == EXCHANGE.durable
    queue = channels["queue"]["bindings"]["amqp"]["queue"]
    assert queue["name"] == channels["queue"]["address"] == CATCH_ALL.name
    assert queue["durable"] == CATCH_ALL.durable
    assert channels["stream"]["address"] == STREAM
