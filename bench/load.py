"""The load: `python -m bench.load` reads batches of requests, one JSON line each, from stdin.

A closed loop: `concurrency` connections, kept alive, each with one request under way. Every
answer is checked. For each batch it writes one JSON line: seconds, latencies (ms), failures.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import orjson
import uvloop

Request = dict[str, Any]


async def run_batch(
    session: aiohttp.ClientSession, *, url: str, requests: list[Request], concurrency: int
) -> dict[str, Any]:
    """Send the requests and return what the batch took."""
    latencies: list[float] = []
    failures: list[str] = []
    pending = iter(requests)
    begun = time.perf_counter()
    workers = (
        _work(session, url=url, pending=pending, latencies=latencies, failures=failures)
        for _ in range(concurrency)
    )
    await asyncio.gather(*workers)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "latencies": latencies, "failures": failures}


async def _work(
    session: aiohttp.ClientSession,
    *,
    url: str,
    pending: Iterator[Request],
    latencies: list[float],
    failures: list[str],
) -> None:
    for request in pending:
        begun = time.perf_counter()
        try:
            async with session.request(
                request["method"],
                url + request["path"],
                data=orjson.dumps(request["body"]) if request["body"] else None,
                headers=request["headers"],
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            failures.append(repr(error))
            continue
        latencies.append((time.perf_counter() - begun) * 1000)
        if fault := find_fault(request["expected"], status=response.status, body=body):
            failures.append(f"{request['method']} {request['path']}: {fault}")


def find_fault(expected: dict[str, Any], *, status: int, body: bytes) -> str | None:
    """Return what is wrong with an answer, or None: its status, its rows, its fields."""
    if status != expected["status"]:
        return f"status {status}: {body[:200]!r}"
    content = orjson.loads(body)
    if "rows" in expected:
        rows = content["results"]
        owners = {row["user_id"] for row in rows}
        if len(rows) != expected["rows"] or owners != {expected["user_id"]}:
            return f"{len(rows)} rows of {owners}"
        return None
    for name, value in expected["fields"].items():
        found = content.get(name, content.get("_id") if name == "id" else None)
        if found != value:
            return f"{name} is {found!r}, not {value!r}"
    return None


async def main() -> None:
    """Run batches until stdin ends."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    async with aiohttp.ClientSession(connector=connector) as session:
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            result = await run_batch(session, **orjson.loads(line))
            sys.stdout.buffer.write(orjson.dumps(result) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(main())
