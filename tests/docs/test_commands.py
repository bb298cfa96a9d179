"""The commands that the pages name."""

import argparse
import importlib.util
import re
import subprocess
from collections.abc import Iterator

import pytest
from django.core.management import get_commands, load_command_class

from tests.docs.pages import ROOT, Page, pages

MANAGE = re.compile(r"\bmanage(?:\.py)? ([a-z_]+)([^\n;)#>&]*)")
MAKE = re.compile(r"\bmake((?: [a-z][a-z-]*)+)(?![\w.])")
MODULE = re.compile(r"\bpython[\d.]* -m ([a-z_.]+)")


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_management_command_is_there_with_its_options(page: Page) -> None:
    """As its own parser knows them, subcommands included."""
    faults = [
        f"{name}: {fault}"
        for code in page.code
        for name, rest in MANAGE.findall(code)
        for fault in _faults(name, rest.split())
    ]
    assert faults == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_target_is_one_of_the_makefile(page: Page) -> None:
    """Make itself says so, without doing anything."""
    named = {name for code in page.code for names in MAKE.findall(code) for name in names.split()}
    assert sorted(name for name in named if not _is_target(name)) == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_module_that_is_run_is_there(page: Page) -> None:
    """What `python -m` names."""
    named = {name for code in page.code for name in MODULE.findall(code)}
    assert sorted(name for name in named if importlib.util.find_spec(name) is None) == []


def test_every_target_says_what_it_does() -> None:
    """`make` lists what the Makefile declares as targets for people."""
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert re.findall(r"^make (\S+) +\S", shown, re.MULTILINE) == phony[1].split()


def _faults(name: str, words: list[str]) -> Iterator[str]:
    if name not in get_commands():
        yield "no such command"
        return
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    options, choices = _known(parser)
    plain = [word.strip("[]…,.") for word in words]
    for word in plain:
        option = word.partition("=")[0]
        if option.startswith("--") and option not in options:
            yield option
    first = next((word for word in plain if word and not word.startswith("-")), "")
    for word in first.split("|"):
        if choices and word.islower() and word.isalpha() and word not in choices:
            yield word


def _known(parser: argparse.ArgumentParser) -> tuple[set[str], set[str]]:
    """Return the options of a parser and its subcommands', and what its first word may be."""
    options: set[str] = set()
    choices: set[str] = set()
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way to ask
        options |= set(action.option_strings)
        if not action.option_strings and action.choices:
            choices |= set(action.choices)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for each in action.choices.values():
                options |= _known(each)[0]
    return options, choices


def _is_target(name: str) -> bool:
    ran = subprocess.run(
        ["make", "--dry-run", "--old-file", ".venv/.installed", name],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ran.returncode == 0
