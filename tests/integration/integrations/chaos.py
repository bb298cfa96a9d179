"""What each fault costs, measured: `python -m tests.integration.integrations.chaos`.

For every fault of the proxy a fresh pair of clients makes a number of calls, from a few threads;
a table says how many of them reached the upstream, how long they took and what came of them. The
settings are the service's own, except for times a tenth as long.
"""

import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from integrations.build import Clients, build_clients
from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline
from integrations.resilience.shared import connect_redis
from tests.doubles.fault_proxy import Fault, FaultProxy
from tests.integration.integrations.conftest import Settings, StandIn, Valkey

REQUESTS, THREADS = 200, 8
UPSTREAM_TIMEOUT, REQUEST_TIMEOUT, RESET_TIMEOUT = 1.0, 3.0, 6.0  # seconds


def main() -> None:
    """Print the table."""
    table = Table(title=f"{REQUESTS} requests for cold characters, {THREADS} threads")
    for column in ("fault", "requests", "upstream calls", "p50 ms", "p99 ms", "outcomes"):
        table.add_column(column, justify="left" if column in {"fault", "outcomes"} else "right")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        stand_in, valkey = StandIn(), Valkey(folder=Path(folder))
        valkey.start()
        try:
            for fault in Fault:
                print(f"{fault} …", file=sys.stderr)  # noqa: T201  # a command shows its progress
                table.add_row(*measure(fault, stand_in=stand_in, valkey=valkey))
        finally:
            valkey.kill()
            stand_in.close()
    Console(width=140).print(table)


def measure(fault: Fault, *, stand_in: StandIn, valkey: Valkey) -> tuple[str, ...]:
    """Return one row: a working upstream that meets this fault, with Redis and breakers reset."""
    with connect_redis(valkey.url) as redis, FaultProxy(target=stand_in.url) as proxy:
        redis.flushall()
        settings = Settings(
            auth_service_url=proxy.url,
            characters_service_url=proxy.url,
            upstream_timeout=UPSTREAM_TIMEOUT,
            breaker_reset_timeout=RESET_TIMEOUT,
        )
        clients = build_clients(config=settings, redis=redis)
        proxy.fault = fault
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            results = list(pool.map(lambda number: one_call(clients, number), range(REQUESTS)))
        clients.close()
        calls = proxy.requests
    outcomes = Counter(outcome for outcome, _ in results)
    times = sorted(seconds * 1000 for _, seconds in results)
    reached = "none" if fault in {Fault.REFUSE, Fault.HANG_CONNECT} else str(calls)
    return (
        str(fault),
        str(REQUESTS),
        reached,
        f"{times[len(times) // 2]:.1f}",
        f"{times[len(times) * 99 // 100]:.1f}",
        ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()),
    )


def one_call(clients: Clients, number: int) -> tuple[str, float]:
    """Return the outcome of one call and the seconds it took."""
    started = time.monotonic()
    try:
        clients.characters.get(character_id=f"c{number}", deadline=Deadline.after(REQUEST_TIMEOUT))
    except UpstreamUnavailable as error:
        return f"503 {error.reason}", time.monotonic() - started
    return "200", time.monotonic() - started


if __name__ == "__main__":
    main()
