"""What writes take while the broker of events is away; part of `make chaos`.

It goes away and comes back several times, so that a machine that grows slower or faster by itself
counts on both sides; how far the phases with the broker differ among themselves is the noise.
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
SECONDS = 30.0  # of writes in each phase
ROUNDS = 3  # phases without the broker; one more with it
RETURN_SECONDS = 120.0
SERVICE = {"WEB_WORKERS": "2", "WEB_THREADS": "16", "OUTBOX_MAX_AGE": "10"}


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What each write took, in seconds, and how many failed."""

    taken: list[float]
    refused: int


@dataclass(frozen=True, kw_only=True)
class Outages:
    """Phases with the broker and without, and what came of the events; `late` in seconds."""

    there: list[Phase]
    away: list[Phase]
    in_order: bool
    late: float

    @property
    def refused(self) -> int:
        """How many writes failed."""
        return sum(phase.refused for phase in (*self.there, *self.away))

    @property
    def is_wrong(self) -> bool:
        """Whether a write failed, or an event is missing or out of order."""
        return self.refused > 0 or not self.in_order

    def __str__(self) -> str:
        """Say it in a few lines."""
        ratio = p99(*self.away) / p99(*self.there)
        return (
            f"writes while the broker of events is away, {ROUNDS} times {SECONDS:.0f} s:\n"
            f"  {_said(self.away)}\n"
            f"and while it is there, before, between and after:\n"
            f"  {_said(self.there)}\n"
            f"ratio of p99: {ratio:.2f}; {self.refused} writes failed; all events in order: "
            f"{'yes' if self.in_order else 'NO'}, at most {self.late:.1f} s after its return"
        )


def _said(phases: list[Phase]) -> str:
    single = ", ".join(f"{p99(phase):.0f}" for phase in phases)
    writes = sum(len(phase.taken) for phase in phases)
    return f"p99 {p99(*phases):.0f} ms of {writes} writes (phase by phase {single})"


def measure_outages(folder: Path) -> Outages:
    """Write at a steady pace while the broker is taken away and brought back again and again."""
    with delivery(folder=folder, **SERVICE) as running:
        users = [f"writer-{uuid.uuid4().hex[:8]}" for _ in range(WRITERS)]
        write_for(SECONDS / 6, running, users)  # warm caches
        there, away, late = [write_for(SECONDS, running, users)], [], 0.0
        for _ in range(ROUNDS):
            running.events.kill()
            away.append(write_for(SECONDS, running, users))
            running.events.start()
            late = max(late, seconds_until_delivered(running, users))
            there.append(write_for(SECONDS, running, users))
        in_order = eventually(lambda: is_delivered(running, users), RETURN_SECONDS)
        return Outages(there=there, away=away, in_order=in_order, late=late)


def seconds_until_delivered(running: Delivery, users: list[str]) -> float:
    """Wait until the broker has all events."""
    started = time.monotonic()
    eventually(lambda: is_delivered(running, users), RETURN_SECONDS)
    return time.monotonic() - started


def is_delivered(running: Delivery, users: list[str]) -> bool:
    """Whether the broker has all events of some users, each conversation's in order."""
    return all(is_complete(running, user_id) for user_id in users)


def p99(*phases: Phase) -> float:
    """Return the milliseconds that 99 of 100 writes stay below."""
    return quantiles([each for phase in phases for each in phase.taken], n=100)[98] * 1000


def write_for(seconds: float, running: Delivery, users: list[str]) -> Phase:
    """Let each user write for some seconds."""
    with ThreadPoolExecutor(max_workers=len(users)) as pool:
        writers = [pool.submit(write, seconds, running, user_id) for user_id in users]
    phases = [writer.result() for writer in writers]
    return Phase(
        taken=[each for phase in phases for each in phase.taken],
        refused=sum(phase.refused for phase in phases),
    )


def write(seconds: float, running: Delivery, user_id: str) -> Phase:
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
    return Phase(taken=taken, refused=refused)


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
