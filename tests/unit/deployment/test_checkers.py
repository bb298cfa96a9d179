"""`make deploy-check`: what the formats' own checkers say."""

import subprocess

import pytest

from tests.unit.deployment.files import ROOT


def commands() -> list[str]:
    """Return the commands of the target; nothing is installed meanwhile."""
    ran = subprocess.run(
        ["make", "--dry-run", "--old-file", ".venv/.installed", "deploy-check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [line for line in ran.stdout.splitlines() if line.startswith(".venv/bin/")]


@pytest.mark.parametrize(
    "checker", ["hadolint", "shellcheck", "check-jsonschema", "kubernetes-validate"]
)
def test_it_finds_no_fault(checker: str) -> None:
    """The command of the target, as make would run it."""
    (command,) = [line for line in commands() if line.startswith(f".venv/bin/{checker} ")]
    ran = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
