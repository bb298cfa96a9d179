"""Plugins are found by the setting PLUGINS and by entry points; a bad one stops the start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conversations.plugins.discovery import GROUP, BadPlugin, find_plugins
from tests.doubles.plugins import asked

SOURCE = """
from conversations.plugins import hookimpl

class Mood:
    @hookimpl
    def before_create(self):
        return {"mood": "calm"}

@hookimpl
def before_create(conversation):
    return {"module": conversation["status"]}

class Misspelt:
    @hookimpl
    def before_crate(self):
        return {}

class WrongArgument:
    @hookimpl
    def before_create(self, draft):
        return {}

class Unmarked:
    def before_create(self):
        return {}

class Unborn:
    def __init__(self):
        raise RuntimeError("no\\nway")
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a module with plugins on the path; return its name, used once."""
    name = f"acme_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def install(folder: Path, *, named: str) -> None:
    """Install a package with an entry point, as pip leaves one behind."""
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nmood = {named}\n")


def test_it_finds_modules_and_classes_by_their_paths(module: str) -> None:
    """With a colon before the class or a dot; one named twice counts once."""
    assert asked(find_plugins([module])) == {"module": "active"}
    assert asked(find_plugins([f"{module}.Mood"])) == {"mood": "calm"}
    both = find_plugins([module, f"{module}:Mood", f"{module}.Mood"])
    assert asked(both) == {"module": "active", "mood": "calm"}


def test_it_finds_installed_plugins(module: str, tmp_path: Path) -> None:
    """By the entry points of their packages."""
    install(tmp_path, named=f"{module}:Mood")
    assert asked(find_plugins([])) == {"mood": "calm"}


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("{module}.Nothing", "AttributeError"),
        ("no_such_module", "ModuleNotFoundError"),
        ("not a path", "ValueError"),
        ("{module}:Misspelt", "unknown hook 'before_crate'"),
        ("{module}:WrongArgument", "{'draft'}"),
        ("{module}:Unmarked", "hookimpl"),
        ("{module}:Unborn", "RuntimeError: no way"),
    ],
)
def test_it_names_a_plugin_that_cannot_be_used(module: str, path: str, fault: str) -> None:
    """In one line, with the reason."""
    path = path.format(module=module)
    with pytest.raises(BadPlugin) as caught:
        find_plugins([path])
    message = str(caught.value)
    assert message.startswith(f"PLUGINS: {path}: ")
    assert fault in message
    assert "\n" not in message


def test_it_names_an_installed_plugin_that_cannot_be_used(module: str, tmp_path: Path) -> None:
    """With the group that it was found by."""
    install(tmp_path, named=f"{module}:Unmarked")
    with pytest.raises(BadPlugin, match=rf"{GROUP}: mood: "):
        find_plugins([])


def test_a_bad_plugin_stops_the_start_with_one_line() -> None:
    """Of any process: they all read the same configuration."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={**os.environ, "PLUGINS": "conversations.plugins.discovery, no.such"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 78
    assert done.stderr.startswith("configuration: PLUGINS: conversations.plugins.discovery: ")
    assert done.stderr.count("\n") == 1
