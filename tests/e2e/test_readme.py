"""README and quickstart, line by line, against the stack that they tell to start."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.supervised import Supervised, supervised
from tests.e2e.walk import ROOT, follow, needs_curl


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    """Return the stack on a data folder of its own."""
    with supervised(data_dir=tmp_path_factory.mktemp("tour")) as stack:
        stack.wait_for_ready()
        yield stack


def test_make_run_is_what_these_tests_start() -> None:
    """`.venv` aside, which is that of the tests here."""
    said = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "--old-file", ".venv/.installed", "run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert said == ".venv/bin/python -m devstack run\n"


@needs_curl
@pytest.mark.parametrize(("page", "least"), [("README.md", 8), ("docs/quickstart.md", 3)])
def test_every_command_does_what_the_page_says(
    stack: Supervised, tmp_path: Path, page: str, least: int
) -> None:
    """Each succeeds, and prints what the page shows under it."""
    assert follow(page, stack=stack, log=tmp_path / "shell.log") >= least
