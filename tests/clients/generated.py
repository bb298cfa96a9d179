"""The clients that `make clients` generates, and programs that use them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = ROOT / "build" / "clients"
DOCUMENT = ROOT / "tests" / "snapshots" / "openapi.json"
_MADE_FROM = CLIENTS / "openapi.json"  # written last
_PYTHON = ROOT / ".tools" / "python-client" / "bin"
_NODE_TOOLS = ROOT / "openapi" / "node_modules"
SECONDS = 120


def _are_current() -> bool:
    return _MADE_FROM.exists() and _MADE_FROM.read_text() == DOCUMENT.read_text()


needs_clients = pytest.mark.skipif(
    not _are_current(), reason="no clients of today's document: `make clients` generates them"
)


def run_python(program: str, *, folder: Path, **environment: str) -> str:
    """Check a program's types against the client, run it, and return what it printed."""
    file = folder / "program.py"
    file.write_text(program)
    _run([_PYTHON / "mypy", "--config-file=", "--strict", file], folder=folder)
    return _run([_PYTHON / "python", file], folder=folder, **environment)


def run_typescript(program: str, *, folder: Path, **environment: str) -> str:
    """Compile a program against the client, run it, and return what it printed."""
    (folder / "program.ts").write_text(program)
    (folder / "package.json").write_text('{"type": "module"}')
    options = {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "target": "ES2022",
        "module": "NodeNext",
        "lib": ["ES2022", "DOM"],
        "types": ["node"],
        "typeRoots": [str(_NODE_TOOLS / "@types")],
    }
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "conversation-service-client").symlink_to(CLIENTS / "typescript")
    _run([_NODE_TOOLS / ".bin" / "tsc", "--project", folder], folder=folder)
    return _run(["node", folder / "program.js"], folder=folder, **environment)


def _run(command: list[str | Path], *, folder: Path, **environment: str) -> str:
    ran = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout, ran.stderr)
    return ran.stdout
