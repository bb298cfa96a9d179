"""The OpenAPI document: valid, complete, and the one that was agreed on."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from openapi_spec_validator import OpenAPIV31SpecValidator

from conversations.api.filters import ConversationFilterBackend
from conversations.api.problems import CATALOGUE
from conversations.job import JobState
from conversations.states import LISTED

SNAPSHOT = Path(__file__).parents[2] / "snapshots" / "openapi.json"
EVERYWHERE = {"400", "401", "403", "406", "429", "500", "503"}
CHANGES = {
    "update_conversation",
    "delete_conversation",
    "archive_conversation",
    "unarchive_conversation",
    "restore_conversation",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the document, made as `make schema` makes it; any warning is an error."""
    file = tmp_path_factory.mktemp("schema") / "openapi.json"
    options = ["--validate", "--fail-on-warn", "--format", "openapi-json"]
    call_command("spectacular", *options, "--file", str(file))
    made: dict[str, Any] = json.loads(file.read_text())
    return made


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the API's operations by their ids, with the parameters and responses they refer to."""

    def whole(node: dict[str, Any]) -> dict[str, Any]:
        _, _, kind, name = node.get("$ref", "///").split("/")
        found: dict[str, Any] = document["components"][kind][name] if kind else node
        return found

    return {
        operation["operationId"]: {
            **operation,
            "parameters": [whole(parameter) for parameter in operation["parameters"]],
            "responses": {
                status: whole(response) for status, response in operation["responses"].items()
            },
        }
        for path, item in document["paths"].items()
        for operation in item.values()
        if path.startswith("/api/v1/")
    }


def test_it_is_the_document_that_was_agreed_on(document: dict[str, Any]) -> None:
    """A change of the API is seen in review: `make schema` writes the snapshot."""
    assert document == json.loads(SNAPSHOT.read_text()), "run `make schema` and look at the diff"


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    """By a validator that is not its maker's."""
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()
    assert "nullable" not in json.dumps(document)


def test_the_operations_read_well_in_a_client(operations: dict[str, Any]) -> None:
    """Their ids become its functions' names."""
    assert set(operations) == {
        "list_conversations",
        "get_conversation",
        "create_conversation",
        "list_conversation_history",
        "list_events",
        "list_jobs",
        "get_job",
        "cancel_job",
        "erase_user_data",
        "export_user_data",
        "record_activity",
        "record_activity_batch",
        *CHANGES,
    }


def test_every_operation_tells_its_errors(operations: dict[str, Any]) -> None:
    """As problem documents, each with an example of every code."""
    for name, operation in operations.items():
        assert set(operation["responses"]) >= EVERYWHERE, name
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            content = response["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            for example in content["examples"].values():
                assert CATALOGUE[example["value"]["code"]].status == int(status)
            busy = (name, status) == ("create_conversation", "409")  # its Idempotency-Key
            waits = status in ("429", "503") or busy
            assert ("Retry-After" in response["headers"]) == waits


def test_every_answer_tells_of_the_trace_and_the_service(document: dict[str, Any]) -> None:
    """Once, as components; those of the health too."""
    names = ("X-Trace-Id", "traceparent", "X-Service-Name", "X-Service-Version")
    told = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    answers = [
        *document["components"]["responses"].values(),
        *(
            response
            for item in document["paths"].values()
            for operation in item.values()
            for response in operation["responses"].values()
            if "$ref" not in response
        ),
    ]
    assert all(told.items() <= response["headers"].items() for response in answers)


def test_every_answer_may_tell_of_the_rate_limit(operations: dict[str, Any]) -> None:
    """Good and bad ones."""
    for operation in operations.values():
        for response in operation["responses"].values():
            assert {"RateLimit", "RateLimit-Policy"} <= set(response["headers"])


def test_every_operation_needs_a_bearer_token(
    document: dict[str, Any], operations: dict[str, Any]
) -> None:
    """There is one scheme."""
    (scheme,) = document["components"]["securitySchemes"].items()
    assert scheme[0] == "bearer"
    assert scheme[1]["scheme"] == "bearer"
    assert all(operation["security"] == [{"bearer": []}] for operation in operations.values())


def test_changes_can_be_made_conditional(operations: dict[str, Any]) -> None:
    """If-Match on all of them, 412 with the current ETag."""
    for name in CHANGES:
        assert "If-Match" in parameters(operations[name])
        assert "ETag" in operations[name]["responses"]["412"]["headers"]
    assert "If-None-Match" in parameters(operations["get_conversation"])
    assert "304" in operations["get_conversation"]["responses"]


def test_a_patch_is_documented_as_a_merge_patch(operations: dict[str, Any]) -> None:
    """And as nothing else: client generators take the last media type there is."""
    body = operations["update_conversation"]["requestBody"]
    assert list(body["content"]) == ["application/merge-patch+json"]
    assert body["required"]


def test_the_list_names_every_filter(operations: dict[str, Any]) -> None:
    """And no parameter that it would refuse."""
    names = set(parameters(operations["list_conversations"]))
    assert names >= ConversationFilterBackend.parameters
    assert "offset" in names
    assert "default" not in parameters(operations["list_conversations"])["offset"]["schema"]


def test_the_enums_have_names(document: dict[str, Any]) -> None:
    """Their values are those of the code."""
    schemas = document["components"]["schemas"]
    assert schemas["ConversationStatus"]["enum"] == [status.value for status in LISTED]
    assert schemas["JobState"]["enum"] == [state.value for state in JobState]
    assert schemas["StatusFilter"]["enum"] == [*schemas["ConversationStatus"]["enum"], "all"]


def test_request_bodies_are_closed(document: dict[str, Any]) -> None:
    """Unknown members are refused, so the document says so."""
    for name in ("ConversationCreate", "ConversationPatch", "SettingsPatch"):
        assert document["components"]["schemas"][name]["additionalProperties"] is False


def parameters(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return an operation's parameters by name."""
    return {parameter["name"]: parameter for parameter in operation["parameters"]}
