"""`python -m bench deep`: page 1,000 of a user with 50,000 conversations, against page 1.

The service's own function reads the pages, in this process; the commands that it sent are explained
by the server afterwards. The position of a page is known from the order of what was inserted.
"""

from __future__ import annotations

import os
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django
from bson import ObjectId
from pymongo import MongoClient, monitoring
from rich.console import Console
from rich.table import Table

from bench.database import Database
from bench.seeding import Document, Population, create_indexes, fill

MANY = Population(prefix="many", users=1, conversations=50_000)
FEW = Population(prefix="few", users=1, conversations=100)
LIMIT = 20
PAGES = (1, 500, 1_000, 2_000)
TIMES = 5
AIM = 1.2
SESSION_FIELDS = ("lsid", "$db", "$clusterTime", "$readPreference", "txnNumber", "maxTimeMS")
Key = tuple[Any, ObjectId]  # the last activity and the _id: what a list is ordered by


class Finds(monitoring.CommandListener):
    """Keeps the find commands that were sent."""

    def __init__(self) -> None:
        self.sent: list[Document] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.sent.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to keep."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to keep."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What one page took. `plan` and `examined` are the server's own word, in explain."""

    number: int
    finds: int
    plan: str
    keys: int
    examined: int
    milliseconds: float


def deep(*, database: Database, console: Console) -> dict[str, Any]:
    """Insert, read, explain and print; returns the figures."""
    name = f"bench_{secrets.token_hex(4)}_deep"
    os.environ.update(
        DJANGO_SETTINGS_MODULE="conversation_service.settings",
        MONGODB_URL=database.url,
        MONGODB_DATABASE=name,
    )
    finds = Finds()
    monitoring.register(finds)
    django.setup()
    with _filled(url=database.url, name=name, console=console) as client:
        reader = _Reader(client=client, name=name, finds=finds)
        many, few = MANY.names[0], FEW.names[0]
        pages = [reader.page(user=many, number=number) for number in PAGES]
        of_few = reader.page(user=few, number=1)
    _show(pages, of_few=of_few, title=database.name, console=console)
    return {"database": database.name, "pages": pages, "first_of_100": of_few}


@contextmanager
def _filled(*, url: str, name: str, console: Console) -> Iterator[MongoClient[Document]]:
    client: MongoClient[Document] = MongoClient(url)
    try:
        create_indexes(client[name])
        with console.status(f"inserting {MANY.conversations:,} conversations"):
            fill(client=client, database=name, populations=[FEW, MANY], shape=dict)
        yield client
    finally:
        client.drop_database(name)
        client.close()


class _Reader:
    def __init__(self, *, client: MongoClient[Document], name: str, finds: Finds) -> None:
        self._database = client[name]
        self._finds = finds
        self._order: dict[str, list[Key]] = {}

    def page(self, *, user: str, number: int) -> Page:
        """Read a page some times over; RuntimeError when its rows are not the right ones."""
        skipped = (number - 1) * LIMIT
        order = self._newest_first(user)
        read = _reading(user=user, after=order[skipped - 1] if skipped else None)
        self._finds.sent.clear()
        if read() != [row_id for _, row_id in order[skipped : skipped + LIMIT]]:
            raise RuntimeError(f"page {number} of {user} does not hold the rows it should")
        sent = list(self._finds.sent)
        explained = [self._explain(command) for command in sent]
        return Page(
            number=number,
            finds=len(sent),
            plan=" + ".join(_stages(each["queryPlanner"]["winningPlan"]) for each in explained),
            keys=sum(each["executionStats"]["totalKeysExamined"] for each in explained),
            examined=sum(each["executionStats"]["totalDocsExamined"] for each in explained),
            milliseconds=statistics.median(_milliseconds(read) for _ in range(TIMES)),
        )

    def _newest_first(self, user: str) -> list[Key]:
        if user not in self._order:
            projection = {"metadata.last_activity": 1}
            rows = self._database["conversations"].find({"user_id": user}, projection)
            keys = [(row["metadata"]["last_activity"], row["_id"]) for row in rows]
            self._order[user] = sorted(keys, reverse=True)
        return self._order[user]

    def _explain(self, command: Document) -> Document:
        plain = {key: value for key, value in command.items() if key not in SESSION_FIELDS}
        return dict(self._database.command("explain", plain, verbosity="executionStats"))


def _reading(*, user: str, after: Key | None) -> Callable[[], list[ObjectId]]:
    # Imported here: they need Django to be set up.
    from conversations.dependencies import utc_now  # noqa: PLC0415
    from conversations.repository.listing import Position, read_slice  # noqa: PLC0415
    from conversations.repository.queries import Filters, Ordering, SortField  # noqa: PLC0415

    position = after and Position(value=after[0], row_id=after[1])

    def read() -> list[ObjectId]:
        found = read_slice(
            filters=Filters(user_id=user),
            ordering=Ordering(field=SortField.LAST_ACTIVITY, descending=True),
            position=position,
            limit=LIMIT,
            full=False,
            now=utc_now(),
        )
        return [row["_id"] for row in found.rows]

    return read


def _stages(plan: Mapping[str, Any]) -> str:
    inner = plan.get("inputStage")
    return str(plan["stage"]) + (f" < {_stages(inner)}" if isinstance(inner, Mapping) else "")


def _milliseconds(read: Callable[[], object]) -> float:
    begun = time.perf_counter()
    read()
    return (time.perf_counter() - begun) * 1000


def _show(pages: Sequence[Page], *, of_few: Page, title: str, console: Console) -> None:
    table = Table(title=f"{title}: {MANY.conversations:,} conversations, pages of {LIMIT}")
    for heading in ("page", "finds", "plan, by the server's word"):
        table.add_column(heading)
    for heading in ("keys", "documents", "ms", "documents to page 1", "time to page 1"):
        table.add_column(heading, justify="right")
    first = pages[0]
    for page in pages:
        table.add_row(
            *(f"{page.number:,}", str(page.finds), page.plan, f"{page.keys:,}"),
            *(f"{page.examined:,}", f"{page.milliseconds:.1f}"),
            f"{page.examined / first.examined:.2f}",
            f"{page.milliseconds / first.milliseconds:.2f}",
        )
    console.print(table)
    console.print(f"Aim: at most {AIM} for page 1,000, in time too where the sort uses its index.")
    growth = first.milliseconds / of_few.milliseconds
    console.print(
        f"Page 1 of {FEW.conversations} conversations takes {of_few.milliseconds:.1f} ms, "
        f"of {MANY.conversations:,} {growth:.1f} times that: this server "
        + (
            "reads more than the page, whatever its explain says; its times are its own."
            if growth > 2
            else "reads no more than the page."
        )
    )
