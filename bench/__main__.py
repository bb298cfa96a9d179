"""`python -m bench`: the service against two peers and a floor.

`python -m bench deep` reads far pages, `python -m bench migrate` migrates data beside a load, and
`python -m bench admin` asks for the admin's lists over many conversations.

The database is MONGODB_URL, or the one of --database, or the first of mongod, secantusd-rs and
secantusd-py at hand. All that is started here ends with it.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import signal
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from bench import database as databases
from bench.admin_pages import admin
from bench.comparison import Plan, Sample, compare
from bench.contestants import CONTESTANTS
from bench.deep import deep
from bench.migrate import migrate
from bench.report import ratios, rows, show
from bench.surroundings import surroundings
from devstack.servers import DATABASES

TABLE_WIDTH = 110
WORKLOADS = ("list", "get", "create", "patch")


def main() -> int:
    """Run the benchmark named on the command line; returns the exit status."""
    options = _options()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _end)
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)
    try:
        _require("aiohttp", "beanie", "fastapi", "uvicorn")
        return _run(options, console=console)
    except RuntimeError as error:
        console.print(f"stopped: {error}", style="red", markup=False)
        return 1


def _end(signum: int, _frame: object) -> None:
    # Once is enough: a second signal must not cut short the end of what was started.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + signum)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", nargs="?", choices=("peers", "deep", "migrate", "admin"), default="peers"
    )
    parser.add_argument("--database", choices=DATABASES, help="start this one")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=4, help="no round begins after these")
    parser.add_argument("--requests", type=int, default=120, help="of each workload and round")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument(
        "--only",
        action="append",
        metavar="WORD",
        help="a workload, or a part of a server's name; may be repeated",
    )
    parser.add_argument(
        "--documents", type=int, help="to migrate (200,000), or for the admin (1,000,000)"
    )
    parser.add_argument(
        "--migrate-data", default="", metavar="OPTIONS", help='such as "--pace 500"'
    )
    parser.add_argument("--json", type=Path, metavar="PATH", help="write all figures there too")
    return parser.parse_args()


def _require(*modules: str) -> None:
    missing = [each for each in modules if importlib.util.find_spec(each) is None]
    if missing:
        raise RuntimeError(f"no {', '.join(missing)}: pip install -r requirements/bench.txt")


def _run(options: argparse.Namespace, *, console: Console) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        databases.started(name=options.database, scratch=Path(folder)) as database,
    ):
        if options.what == "deep":
            _write(options.json, deep(database=database, console=console))
            return 0
        if options.what == "migrate":
            figures = migrate(
                database=database,
                documents=options.documents or 200_000,
                options=options.migrate_data.split(),
                scratch=Path(folder),
                console=console,
            )
            _write(options.json, figures)
            return 0
        if options.what == "admin":
            documents = options.documents or 1_000_000
            _write(options.json, admin(database=database, documents=documents, console=console))
            return 0
        plan = _plan(options)
        with (
            surroundings(mongodb_url=database.url, scratch=Path(folder)) as env,
            console.status("") as status,
        ):
            samples = compare(plan, env=env, scratch=Path(folder), said=status.update)
    rounds = len({sample.round for sample in samples})
    title = (
        f"{database.name}: {rounds} rounds of {options.requests} requests, "
        f"{options.concurrency} at a time"
    )
    show(samples, title=title, console=console)
    _write(options.json, _figures(samples, plan=plan, database=database.name))
    return 1 if any(sample.failures for sample in samples) else 0


def _write(path: Path | None, figures: dict[str, Any]) -> None:
    if path is not None:
        path.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))


def _plan(options: argparse.Namespace) -> Plan:
    words = options.only or []
    workloads = [each for each in WORKLOADS if each in words] or WORKLOADS
    parts = [word.lower() for word in words if word not in WORKLOADS]
    contestants = [
        each
        for each in CONTESTANTS
        if not parts or any(part in each.name.lower() for part in parts)
    ]
    return Plan(
        contestants=contestants,
        workloads=workloads,
        rounds=options.rounds,
        seconds=options.minutes * 60,
        requests=options.requests,
        concurrency=options.concurrency,
    )


def _figures(samples: list[Sample], *, plan: Plan, database: str) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC),
        "database": database,
        "python": platform.python_version(),
        "rounds": len({sample.round for sample in samples}),
        "requests": plan.requests,
        "concurrency": plan.concurrency,
        "rows": rows(samples),
        "ratios": ratios(samples),
        "samples": [_without_latencies(sample) for sample in samples],
    }


def _without_latencies(sample: Sample) -> dict[str, Any]:
    shown = asdict(sample)
    del shown["latencies"]
    return shown


if __name__ == "__main__":
    sys.exit(main())
