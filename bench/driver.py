"""The harness's end of the load generator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson

from bench.database import ROOT


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one batch of requests took; latencies in milliseconds, failures in words."""

    seconds: float
    latencies: list[float]
    failures: list[str]


class Driver:
    """Sends batches through one load generator, a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def run(self, *, url: str, requests: list[dict[str, Any]], concurrency: int) -> Batch:
        """Send the requests to `url` and wait for the last answer."""
        order = {"url": url, "requests": requests, "concurrency": concurrency}
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the load generator was started without pipes")
        stdin.write(orjson.dumps(order) + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError("the load generator died")
        return Batch(**orjson.loads(line))


@contextmanager
def load_generator() -> Iterator[Driver]:
    """Start the load generator; ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield Driver(process)
    finally:
        process.kill()
        process.wait()
