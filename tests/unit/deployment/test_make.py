"""Makefile: the targets that need more than Python and make."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.unit.deployment.files import DOCKER

MAKEFILE = DOCKER.parent / "Makefile"
# Make takes what is installed by these for up to date.
INSTALLED = (
    "openapi/package-lock.json",
    "openapi/requirements.txt",
    ".venv/.installed",
    ".tools/python-client/.installed",
    "openapi/node_modules/.installed",
)
MADE_BEFORE = "build/clients/openapi.json"


@pytest.mark.parametrize(
    ("target", "present", "missing"),
    [
        ("clients", (), "Node 20.19 or later, with npm, is needed"),
        ("clients", ("node",), "Node 20.19 or later, with npm, is needed"),
        ("openapi-check", (), "Node 20.19 or later, with npm, is needed"),
        ("openapi-check", ("node", "npm"), "Go is needed"),
        ("observability-check", (), "promtool is needed"),
    ],
)
def test_a_tool_that_is_missing_is_named_before_anything_is_done(
    tmp_path: Path, target: str, present: tuple[str, ...], missing: str
) -> None:
    """Each time, also where all that is to be installed is; what was made before stays."""
    make = shutil.which("make")
    assert make is not None
    shutil.copy(MAKEFILE, tmp_path)
    for name in (*INSTALLED, MADE_BEFORE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("mkdir", "rm"):
        (programs / name).symlink_to(str(shutil.which(name, path=os.defpath)))
    for name in present:
        (programs / name).symlink_to(str(shutil.which("true", path=os.defpath)))
    ran = subprocess.run(
        [make, target],
        cwd=tmp_path,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(missing)
    assert ran.stdout == ""
    assert (tmp_path / MADE_BEFORE).exists()
