"""What a MongoDB-compatible server really does: `python -m bench.probe_server [NAME …]`.

Starts each named server (mongod, secantusd-rs, secantusd-py; all that are at hand by default) on a
scratch folder, puts the questions of `bench.probes` to it, kills it while it writes, and prints one
Markdown table, the source of docs/decisions/embedded-database.md.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from pymongo.errors import PyMongoError
from rich.console import Console

from bench import database as databases
from bench.probes import PROBES, Client, lost_writes, seed
from devstack.ports import free_port

SYNC = "--sync-on-commit"


def main() -> None:
    """Probe the servers named on the command line and print what they answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=databases.available())
    names: list[str] = parser.parse_args().names
    answers: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="probe-") as scratch:
        for name in names:
            answers[name] = {"version": _version(name)}
            answers[name] |= _behaviour(name=name, scratch=Path(scratch) / name)
            answers[name] |= _durability(name=name, scratch=Path(scratch) / name)
    print(_markdown(answers))


def _version(name: str) -> str:
    if name == "secantusd-py":
        return f"SecantusDB {version('SecantusDB')}"
    path = databases.binary(name)
    shown = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False)
    return shown.stdout.strip().splitlines()[0]


def _behaviour(*, name: str, scratch: Path) -> dict[str, str]:
    console = Console(stderr=True)
    found = {}
    with databases.started(name=name, scratch=scratch) as server, Client(server.url) as client:
        seed(client["probes"])
        for question, ask in PROBES.items():
            console.print(f"{name}: {question}")
            try:
                found[question] = ask(client["probes"])
            except PyMongoError as error:
                found[question] = f"{type(error).__name__}: {error}"[:200]
    return found


def _durability(*, name: str, scratch: Path) -> dict[str, str]:
    found = {}
    for label, sync, journal in (
        ("kill -9, commits synced", True, False),
        ("kill -9, not synced, journal=true", False, True),
        ("kill -9, not synced", False, False),
    ):
        folder, port = scratch / label.replace(" ", "-"), free_port()
        folder.mkdir(parents=True)
        command = databases.command(name=name, folder=folder, port=port)
        if not sync:
            command = [part for part in command if part != SYNC]
        found[label] = lost_writes(
            command=command, port=port, log=scratch / "durability.log", journal=journal
        )
    return found


def _markdown(answers: dict[str, dict[str, str]]) -> str:
    names = list(answers)
    lines = [f"| question | {' | '.join(names)} |", f"|---{'|---' * len(names)}|"]
    for question in answers[names[0]]:
        cells = [answers[name].get(question, "").replace("|", "\\|") for name in names]
        lines.append(f"| {question} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
