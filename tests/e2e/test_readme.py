"""The README's tour, line by line, against the stack that it tells to start."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.supervised import Supervised, supervised

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "--- end of block"


pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not on PATH: the README's tour is not run"
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    """Return the stack on a data folder of its own."""
    with supervised(data_dir=tmp_path_factory.mktemp("tour")) as stack:
        stack.wait_for_ready()
        yield stack


def test_the_tour_does_what_the_readme_says(stack: Supervised) -> None:
    """Every command succeeds, and prints what the README shows under it."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    script = "".join(f"{body}echo; echo '{MARK}'\n" for kind, body in blocks if kind == "sh")
    script = script.replace(".venv/bin/python", sys.executable).replace(":8003", f":{stack.port}")
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(stack.data_dir), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
    printed = iter(ran.stdout.split(MARK))
    output = ""
    shown = [kind for kind, _ in blocks].count("text")
    for kind, body in blocks:
        if kind == "sh":
            output = next(printed)
            continue
        for line in body.splitlines():
            _, found, output = output.partition(line)
            assert found, f"the README shows {line}"
    assert shown >= 5, "the README shows what comes out"
