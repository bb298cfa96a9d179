"""Does an acknowledged write survive kill -9 of the database? Measured, not believed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

from pymongo import WriteConcern
from pymongo.errors import PyMongoError

from bench.probes.base import Client
from bench.processes import running
from devstack.ports import accepts

WRITERS = 4
SECONDS = 1.5


def lost_writes(*, command: Sequence[str], port: int, log: Path, journal: bool) -> str:
    """Write from `WRITERS` threads, kill -9 the server, start it again, count what is missing."""
    acknowledged: list[tuple[int, float]] = []
    concern = WriteConcern(j=True) if journal else WriteConcern()
    with running(command=command, is_ready=partial(accepts, port), log=log) as server:
        writers = [
            threading.Thread(target=_write, args=(port, concern, number, acknowledged))
            for number in range(WRITERS)
        ]
        for writer in writers:
            writer.start()
        time.sleep(SECONDS)
        server.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        for writer in writers:
            writer.join()
    begun = time.monotonic()
    with running(command=command, is_ready=partial(accepts, port), log=log) as server:
        started = time.monotonic() - begun
        with Client("127.0.0.1", port, directConnection=True) as client:
            kept = {row["_id"] for row in client["durability"]["rows"].find()}
        begun = time.monotonic()
        server.terminate()
        server.wait(timeout=30)
        ended = time.monotonic() - begun
    missing = [killed - when for number, when in acknowledged if number not in kept]
    oldest = f", the oldest {max(missing) * 1000:.0f} ms before the kill" if missing else ""
    return (
        f"{len(missing)} of {len(acknowledged)} acknowledged lost{oldest}; "
        f"recovery {started:.1f} s, SIGTERM {ended:.1f} s"
    )


def _write(
    port: int, concern: WriteConcern, first: int, acknowledged: list[tuple[int, float]]
) -> None:
    with Client("127.0.0.1", port, directConnection=True) as client, suppress(PyMongoError):
        rows = client["durability"].get_collection("rows", write_concern=concern)
        for number in count(first, WRITERS):
            rows.insert_one({"_id": number, "text": "x" * 500})
            acknowledged.append((number, time.monotonic()))
