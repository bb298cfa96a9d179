"""What writes take while the broker of events is away; part of `make chaos`.

Against the mean of before and after, so that a machine that grows slower or faster by itself counts
for nothing.
"""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import requests

from tests.doubles.supervised import eventually
from tests.e2e.delivery import CONVERSATIONS, Delivery, delivery

WRITERS = 6
PACE = 0.25  # seconds between two writes of a writer
SECONDS = 30.0  # of writes before, during the outage, and after
RETURN_SECONDS = 120.0
SERVICE = {"WEB_WORKERS": "2", "WEB_THREADS": "16", "OUTBOX_MAX_AGE": "10"}


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Milliseconds at p99 before, during and after, and what came of the events."""

    before: float
    during: float
    after: float
    writes: int
    refused: int
    in_order: bool
    late: float

    @property
    def is_wrong(self) -> bool:
        """Whether a write failed, or an event is missing or out of order."""
        return self.refused > 0 or not self.in_order

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"writes: p99 {self.before:.0f} ms before and {self.after:.0f} ms after the broker of "
            f"events is away for {SECONDS:.0f} s, {self.during:.0f} ms meanwhile; ratio "
            f"{2 * self.during / (self.before + self.after):.2f}; "
            f"{self.writes} writes, {self.refused} failed; all events in order: "
            f"{'yes' if self.in_order else 'NO'}, {self.late:.1f} s after its return"
        )


def measure_outage(folder: Path) -> Outage:
    """Write at a steady pace, take the broker away, write on, and bring it back."""
    with delivery(folder=folder, **SERVICE) as running:
        users = [f"writer-{uuid.uuid4().hex[:8]}" for _ in range(WRITERS)]
        write_for(SECONDS / 6, running, users)  # warm caches
        before, refused_before = write_for(SECONDS, running, users)
        running.events.kill()
        during, refused = write_for(SECONDS, running, users)
        running.events.start()
        returned = time.monotonic()
        eventually(lambda: running.health()["pending"] == 0, RETURN_SECONDS)
        late = time.monotonic() - returned
        after, refused_after = write_for(SECONDS, running, users)
        eventually(lambda: running.health()["pending"] == 0, RETURN_SECONDS)
        return Outage(
            before=p99(before),
            during=p99(during),
            after=p99(after),
            writes=len(before) + len(during) + len(after),
            refused=refused_before + refused + refused_after,
            in_order=all(is_complete(running, user_id) for user_id in users),
            late=late,
        )


def p99(seconds: list[float]) -> float:
    """Return the milliseconds that 99 of 100 stay below."""
    return quantiles(seconds, n=100)[98] * 1000


def write_for(seconds: float, running: Delivery, users: list[str]) -> tuple[list[float], int]:
    """Let each user write for some seconds; returns what each write took, and how many failed."""
    with ThreadPoolExecutor(max_workers=len(users)) as pool:
        writers = [pool.submit(write, seconds, running, user_id) for user_id in users]
    taken = [each for writer in writers for each in writer.result()[0]]
    return taken, sum(writer.result()[1] for writer in writers)


def write(seconds: float, running: Delivery, user_id: str) -> tuple[list[float], int]:
    """Create a conversation and rename it, at a steady pace."""
    headers = {"Authorization": f"Bearer {running.service.token(user_id)}"}
    url = running.service.url + CONVERSATIONS
    taken: list[float] = []
    refused = 0
    ends = time.monotonic() + seconds
    with requests.Session() as session:
        session.headers.update(headers)
        created = session.post(url, json={"character_id": "ada"}, timeout=60).json()
        while time.monotonic() < ends:
            started = time.monotonic()
            title = {"title": uuid.uuid4().hex}
            answer = session.patch(f"{url}/{created['id']}", json=title, timeout=60)
            taken.append(time.monotonic() - started)
            refused += not answer.ok
            time.sleep(max(0.0, PACE - taken[-1]))
    return taken, refused


def is_complete(running: Delivery, user_id: str) -> bool:
    """Whether the broker has all events of a user's conversations, first occurrences in order."""
    headers = {"Authorization": f"Bearer {running.service.token(user_id)}"}
    rows = requests.get(running.service.url + CONVERSATIONS, headers=headers, timeout=60).json()
    wanted = {row["id"]: list(range(1, row["version"] + 1)) for row in rows["results"]}
    first = {event["event_id"]: event for event in reversed(running.published(user_id))}
    found: dict[str, list[int]] = {}
    for event in reversed(first.values()):
        found.setdefault(event["conversation_id"], []).append(event["sequence"])
    return found == wanted
