"""The generated clients, used against the running service: both say the same."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.generated import needs_clients, run_python, run_typescript
from tests.e2e.live import LiveService

PROGRAMS = Path(__file__).parent / "programs"

pytestmark = needs_clients


@pytest.mark.parametrize(
    ("program", "run"), [("drive.py", run_python), ("drive.ts", run_typescript)]
)
def test_a_client_does_what_the_service_can(
    service: LiveService, user_id: str, tmp_path: Path, program: str, run: Callable[..., str]
) -> None:
    """Its types hold (the programs are compiled strictly), and so does what it sends and reads."""
    printed = run(
        (PROGRAMS / program).read_text(),
        folder=tmp_path,
        SERVICE=service.url,
        TOKEN=service.token(user_id),
    )
    assert json.loads(printed) == {
        "created": ["Number 4", "active", ["five"], None, "Ada Lovelace"],
        "pages": [["Number 4", "Number 3"], ["Number 2", "Number 1"], ["Number 0"]],
        "changed": ["Changed", 2, 0.5],
        "emptied": ["Ada Lovelace", [], 0.5],
        "conflict": [412, "version_mismatch", True],
        "unmodified": 304,
        "invalid": [400, "invalid_request", ["#/settings/temperature", "#/title"]],
        "missing": [404, "not_found"],
        "events": [7, "conversation.updated", 3, "Ada Lovelace"],
    }
