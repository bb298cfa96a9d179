"""What each fault of Auth and Characters costs a caller, measured over HTTP: `make chaos`.

The service runs with two processes and its own defaults, but for times a tenth as long; the fault
proxy stands before each upstream. For every fault, with the breakers closed, a number of requests
come in from a few threads: creates (half of them for characters seen a while ago, half for new
ones) while Characters misbehaves, and lists with tokens not seen before while Auth does. Then
mixed load shows what lists take while Characters hangs, against before; and steady writes what
they take while the broker of events is away.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import requests
from rich.console import Console
from rich.table import Table

from integrations.breakers import BREAKERS, close, force_open
from integrations.resilience.shared import connect_redis
from tests.chaos_events import measure_outages
from tests.doubles.fault_proxy import Fault, FaultProxy
from tests.doubles.supervised import eventually
from tests.e2e.faulty import CONVERSATIONS, Faulty, faulty_service

THREADS = 8
REACHES_NOBODY = {Fault.REFUSE, Fault.HANG_CONNECT}
MOST_CALLS = 1.2  # for each request, whatever happens
WIDTH = 180  # columns
HEARD = 1.2  # seconds after which all processes know what an operator did to a breaker
TENTHS = {
    "REQUEST_TIMEOUT": "3",
    "UPSTREAM_TIMEOUT": "1",
    "BREAKER_RESET_TIMEOUT": "6",
    "BREAKER_FAILURE_THRESHOLD": "5",
    "WEB_WORKERS": "2",
    "WEB_THREADS": "16",
}
LISTS, LISTS_PER_CREATE = 200, 10

Request = Callable[[int], requests.Response]


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of the requests under one fault."""

    upstream: str
    fault: Fault
    calls: int
    seconds: list[float]
    outcomes: Counter[str]

    @property
    def is_wrong(self) -> bool:
        """Whether something happened that must not, whatever the fault."""
        crashed = any(outcome.startswith("500") for outcome in self.outcomes)
        return crashed or self.calls > MOST_CALLS * len(self.seconds)

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        milliseconds = [each * 1000 for each in self.seconds]
        return (
            self.upstream,
            str(self.fault),
            str(len(self.seconds)),
            "none" if self.fault in REACHES_NOBODY else str(self.calls),
            f"{median(milliseconds):.0f}",
            f"{quantiles(milliseconds, n=100)[98]:.0f}",
            ", ".join(f"{count} x {outcome}" for outcome, count in self.outcomes.most_common()),
        )


def main() -> int:
    """Measure and print; returns 1 when something happened that must not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--requests", type=int, default=100, help="under each fault (100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        rows = measure_faults(Path(folder) / "faults", number=options.requests)
        Console(width=WIDTH).print(table(rows))
        before, during = measure_lists(Path(folder) / "lists")
        Console(width=WIDTH).print(
            f"GET list with mixed load: p50 {before:.1f} ms; while Characters hangs "
            f"{during:.1f} ms; ratio {during / before:.2f}"
        )
        outages = measure_outages(Path(folder) / "outages")
        Console(width=WIDTH).print(str(outages))
    return int(outages.is_wrong or any(row.is_wrong for row in rows))


def table(rows: list[Row]) -> Table:
    """Return the rows as a table."""
    shown = Table(title=f"{THREADS} threads")
    for name in ("fails", "fault", "requests", "upstream calls", "p50 ms", "p99 ms", "answers"):
        shown.add_column(name, justify="left" if name in {"fails", "fault", "answers"} else "right")
    for row in rows:
        shown.add_row(*row.cells())
    return shown


def measure_faults(folder: Path, *, number: int) -> list[Row]:
    """Return a row for each fault of each upstream."""
    folder.mkdir()
    with faulty_service(folder=folder, **TENTHS) as faulty:
        upstreams = (
            ("Characters", faulty.characters, creating),
            ("Auth", faulty.auth, listing),
        )
        rows = []
        for upstream, proxy, kind in upstreams:
            for fault in Fault:
                print(f"{upstream}: {fault} …", file=sys.stderr)  # noqa: T201  # its progress
                close_breakers(faulty)
                send = kind(faulty, batch=fault.name.lower(), number=number)
                answers, calls = measure(fault, proxy=proxy, send=send, number=number)
                rows.append(row(upstream, fault, answers=answers, calls=calls))
        return rows


def creating(faulty: Faulty, *, batch: str, number: int) -> Request:
    """Return what creates a conversation: every other time with a character seen a while ago."""
    token = faulty.service.token("creator")
    for each in range(1, number, 2):
        faulty.remember(f"{batch}-{each}", name=f"Seen {each}")
    return lambda each: faulty.create(f"{batch}-{each}", token=token)


def listing(faulty: Faulty, *, batch: str, number: int) -> Request:
    """Return what lists with a token that no process knows."""

    def send(each: int) -> requests.Response:
        token = faulty.service.token("reader", jti=f"{batch}-{each}")
        return faulty.send("GET", CONVERSATIONS, token=token)

    return send


def close_breakers(faulty: Faulty) -> None:
    """Close all breakers in all processes, and empty their windows."""
    with connect_redis(faulty.valkey.url) as redis:
        for act in (force_open, close):
            for name in BREAKERS:
                act(redis, name=name)
            time.sleep(HEARD)
    closed = 'upstream_breaker_state{upstream="characters"}'
    if not eventually(lambda: faulty.service.sample(closed) == 0, 10):
        raise RuntimeError("a breaker does not close")


def measure(
    fault: Fault, *, proxy: FaultProxy, send: Request, number: int
) -> tuple[list[tuple[str, float]], int]:
    """Return what came of each request while `proxy` misbehaves, and how many calls reached it."""
    seen = proxy.requests
    proxy.fault = fault
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        answers = list(pool.map(lambda each: timed(send, each), range(number)))
    calls = proxy.requests - seen
    proxy.fault = Fault.NONE
    return answers, calls


def row(upstream: str, fault: Fault, *, answers: list[tuple[str, float]], calls: int) -> Row:
    """Return the row of one measurement."""
    return Row(
        upstream=upstream,
        fault=fault,
        calls=calls,
        seconds=[seconds for _, seconds in answers],
        outcomes=Counter(outcome for outcome, _ in answers),
    )


def timed(send: Request, number: int) -> tuple[str, float]:
    """Return what an answer was, in a few words, and the seconds it took."""
    started = time.monotonic()
    answer = send(number)
    seconds = time.monotonic() - started
    what = answer.headers.get("X-Degraded", "") if answer.ok else answer.json()["code"]
    return f"{answer.status_code} {what}".strip(), seconds


def measure_lists(folder: Path) -> tuple[float, float]:
    """Return the median milliseconds of a list, before and while Characters hangs.

    The breaker is kept from helping, so that there are always creates that hang.
    """
    folder.mkdir()
    changes = TENTHS | {"BREAKER_FAILURE_THRESHOLD": "100000"}
    with faulty_service(folder=folder, **changes) as faulty:
        token = faulty.service.token("reader")
        for number in range(25):
            faulty.create(f"list{number}", token=token).raise_for_status()
        before = lists_beside_creates(faulty, token, batch="before")
        faulty.characters.fault = Fault.HANG
        return before, lists_beside_creates(faulty, token, batch="during")


def lists_beside_creates(faulty: Faulty, token: str, *, batch: str) -> float:
    """Return the median milliseconds of lists, with a create beside every tenth."""
    creator = faulty.service.token("creator")
    taken: list[float] = []
    with ThreadPoolExecutor(max_workers=LISTS // LISTS_PER_CREATE) as pool:
        for number in range(LISTS):
            if number % LISTS_PER_CREATE == 0:
                pool.submit(faulty.create, f"{batch}{number}", token=creator)
            started = time.monotonic()
            faulty.send("GET", CONVERSATIONS, token=token).raise_for_status()
            taken.append((time.monotonic() - started) * 1000)
    return median(taken)


if __name__ == "__main__":
    sys.exit(main())
