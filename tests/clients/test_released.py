"""`make openapi-check`: the document keeps the rules, and what the last release promised."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.generated import DOCUMENT, ROOT

NEEDED = (ROOT / ".tools" / "bin" / "oasdiff", ROOT / "openapi" / "node_modules" / ".installed")
Document = dict[str, Any]

pytestmark = pytest.mark.skipif(
    not all(file.exists() for file in NEEDED),
    reason="spectral or oasdiff is not there: `make openapi-check` fetches them",
)


def test_the_document_keeps_the_rules_and_the_promise() -> None:
    """As `make openapi-check` says."""
    status, output = check(DOCUMENT)
    assert status == 0, output


def without_a_member_of_an_answer(document: Document) -> None:
    conversation = document["components"]["schemas"]["Conversation"]
    del conversation["properties"]["title"]
    conversation["required"].remove("title")


def with_another_parameter_that_is_needed(document: Document) -> None:
    tenant = {"name": "tenant", "in": "query", "required": True, "schema": {"type": "string"}}
    document["paths"]["/api/v1/conversations"]["get"]["parameters"].append(tenant)


def without_an_operation(document: Document) -> None:
    del document["paths"]["/api/v1/conversations/{id}"]["patch"]


def with_a_value_that_no_client_knows(document: Document) -> None:
    document["components"]["schemas"]["ConversationStatus"]["enum"].append("frozen")


def without_a_value_of_an_answer(document: Document) -> None:
    document["components"]["schemas"]["ActivityStatus"]["enum"].pop()


def with_another_name_in_clients(document: Document) -> None:
    document["paths"]["/api/v1/jobs"]["get"]["operationId"] = "jobs_list"


def without_a_header(document: Document) -> None:
    created = document["paths"]["/api/v1/conversations"]["post"]["responses"]["201"]
    del created["headers"]["ETag"]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (with_another_name_in_clients, "`list_jobs` removed and replaced with `jobs_list`"),
        (without_a_header, "the optional response header `etag` removed"),
        (without_a_member_of_an_answer, "removed the required property `title` from the response"),
        (with_another_parameter_that_is_needed, "added the new required `query` request parameter"),
        (without_an_operation, "[api-removed-without-deprecation]"),
        (without_a_value_of_an_answer, "[response-property-enum-value-removed]"),
        (with_a_value_that_no_client_knows, "added the new `frozen` enum value"),
    ],
)
def test_what_breaks_a_client_is_refused(
    tmp_path: Path, broken: Callable[[Document], None], told: str
) -> None:
    """And named."""
    document = json.loads(DOCUMENT.read_text())
    broken(document)
    copy = tmp_path / "openapi.json"
    copy.write_text(json.dumps(document))
    status, output = check(copy)
    assert status != 0
    assert told in output


def test_what_a_client_need_not_know_of_is_no_break(tmp_path: Path) -> None:
    """More members in an answer, more operations: there is nothing to say but that they are new."""
    document = json.loads(DOCUMENT.read_text())
    colour = {"type": "string", "maxLength": 7, "pattern": "^#[0-9a-f]{6}$"}
    document["components"]["schemas"]["Conversation"]["properties"]["colour"] = colour
    document["paths"]["/api/v1/more"] = document["paths"]["/api/v1/jobs"]
    copy = tmp_path / "openapi.json"
    copy.write_text(json.dumps(document))
    _, output = check(copy)
    assert "No breaking changes to report" in output


def check(document: Path) -> tuple[int, str]:
    """Return the status of the check of a document, and what it printed."""
    ran = subprocess.run(
        ["make", "openapi-check", f"DOCUMENT={document}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr
