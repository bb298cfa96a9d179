"""docs/guide.md, each of its languages from top to bottom, against the stack of `make run`."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client import token_for
from tests.clients.generated import ROOT, needs_clients, run_python, run_typescript
from tests.doubles.supervised import Supervised, supervised
from tests.e2e.walk import follow, needs_curl

PAGE = "docs/guide.md"
SHOWN = 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    """Return the stack on a data folder of its own."""
    with supervised(data_dir=tmp_path_factory.mktemp("guide")) as stack:
        stack.wait_for_ready()
        yield stack


def fences(kind: str) -> list[str]:
    """Return the page's blocks of a kind."""
    block = re.compile(rf"^```{kind}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return block.findall((ROOT / PAGE).read_text())


def test_every_task_is_shown_in_every_language() -> None:
    """One block each."""
    tasks = (ROOT / PAGE).read_text().split("\n## ")[1:]
    for task in tasks:
        kinds = re.findall(r"^```(\w+)$", task, re.MULTILINE)
        assert kinds[:3] == ["sh", "python", "ts"], task.splitlines()[0]


@needs_curl
def test_curl_does_what_the_guide_says(stack: Supervised, tmp_path: Path) -> None:
    """Every command succeeds, and prints what the page shows."""
    assert follow(PAGE, stack=stack, log=tmp_path / "shell.log") >= SHOWN


@needs_clients
@pytest.mark.parametrize(("kind", "run"), [("python", run_python), ("ts", run_typescript)])
def test_a_client_does_what_the_guide_says(
    stack: Supervised, tmp_path: Path, kind: str, run: Callable[..., str]
) -> None:
    """All blocks are one program, which prints what the page shows."""
    printed = run(
        "\n".join(fences(kind)),
        folder=tmp_path,
        SERVICE=f"http://127.0.0.1:{stack.port}",
        TOKEN=token_for(f"reader-of-{kind}"),
        OPERATOR=token_for("operator", scope="conversations:admin"),
    )
    assert printed == "".join(fences("text"))
