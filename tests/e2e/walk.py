"""A page of the documentation, followed line by line in one shell, as a reader types it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.doubles.supervised import Supervised, eventually

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 120.0
needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not on PATH: the pages' commands are not run"
)


def follow(page: str, *, stack: Supervised, log: Path) -> int:
    """Type the commands of a page's `sh` blocks; each must succeed.

    After it, or a little later where it goes on in the background, a block must have printed the
    lines of the `text` block below it, in order; `…` in them stands for anything. Returns how many
    lines were looked for.
    """
    blocks = BLOCK.findall((ROOT / page).read_text())
    shown = 0
    with log.open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(stack.data_dir), "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        begun = 0
        for kind, body in blocks:
            if kind == "sh":
                begun = _type(_here(body, stack=stack), shell=shell, log=log)
                continue
            for line in body.splitlines():
                begun = _find(line, log=log, begun=begun)
                shown += 1
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        shell.communicate()
    return shown


def _here(commands: str, *, stack: Supervised) -> str:
    """Return the commands as they are typed in this checkout, against this stack."""
    return (
        commands.replace(".venv/bin/python", sys.executable)
        .replace(":8003", f":{stack.port}")
        .replace("var/", f"{stack.data_dir}/")
    )


def _type(commands: str, *, shell: subprocess.Popen[str], log: Path) -> int:
    """Type commands and wait for their end; returns how long the log was before."""
    assert shell.stdin is not None
    begun = len(log.read_text())
    mark = f"--- {begun} ---"
    shell.stdin.write(f"{commands}\necho; echo '{mark}'\n")
    shell.stdin.flush()
    eventually(lambda: mark in log.read_text() or shell.poll() is not None, SECONDS)
    assert mark in log.read_text(), f"{commands}\nprinted: {log.read_text()[begun:]}"
    return begun


def _find(line: str, *, log: Path, begun: int) -> int:
    """Wait for a line that a page shows; returns where it ends in the log."""
    pattern = re.compile(re.escape(line).replace("…", "[^\n]+"))
    eventually(lambda: pattern.search(log.read_text(), begun) is not None, SECONDS)
    found = pattern.search(log.read_text(), begun)
    assert found, f"the page shows {line}\nprinted: {log.read_text()[begun:]}"
    return found.end()
