"""What the generators made of the document: all of it."""

import json
import re
from typing import Any

from tests.clients.generated import CLIENTS, DOCUMENT, needs_clients

PYTHON = CLIENTS / "python" / "conversation_service_client"
TYPESCRIPT = CLIENTS / "typescript" / "src"

pytestmark = needs_clients


def operations() -> list[dict[str, Any]]:
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return [operation for item in paths.values() for operation in item.values()]


def test_no_operation_is_left_out_of_the_python_client() -> None:
    """Each is a module of its own, below its tag."""
    made = {f"{file.parent.name}/{file.stem}" for file in (PYTHON / "api").glob("*/[a-z]*.py")}
    assert made == {f"{each['tags'][0]}/{each['operationId']}" for each in operations()}


def test_no_operation_is_left_out_of_the_typescript_client() -> None:
    """Each is a function, named as is usual there."""
    source = (TYPESCRIPT / "sdk.gen.ts").read_text()
    made = re.findall(r"^export const (\w+) = ", source, re.MULTILINE)
    wanted = [
        re.sub(r"_(\w)", lambda m: m[1].upper(), each["operationId"]) for each in operations()
    ]
    assert sorted(made) == sorted(wanted)


def test_the_python_models_name_what_they_hold() -> None:
    """No name was made up for a schema that has none: `…Type0`, `…Response200`."""
    models = [file.stem for file in (PYTHON / "models").glob("[a-z]*.py")]
    assert [name for name in models if re.search(r"_(type|response|item)_\d+|_enum$", name)] == []
