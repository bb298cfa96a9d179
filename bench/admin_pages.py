"""`python -m bench admin`: the admin's lists over a million conversations, against a thousand.

The pages are asked for in this process, as a superuser's browser does; the database grows between.
"""

from __future__ import annotations

import os
import random
import secrets
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import django
from bson import ObjectId
from pymongo import MongoClient
from rich.console import Console
from rich.table import Table

from bench.database import GIVEN, Database
from bench.seeding import BATCH, Document, conversation, create_indexes
from conversations.repository.indexes import CONVERSATIONS, Index

FEW = 1_000
PER_USER = 50
SPAN = timedelta(days=400)  # over which they were created
CHARACTERS = 100
STATUSES, WEIGHTS = ("active", "archived", "deleted"), (80, 15, 5)
SHAPES = 500  # different documents; the others are theirs, with other ids, users and times
INDEXES = ("by_status", "by_character_of_all", "by_owner")
TIMES = 7
LIST = "/admin/conversations/conversation/"


@dataclass(frozen=True, kw_only=True)
class Timed:
    """What a page took at the median and at the most, in milliseconds."""

    median: float
    most: float


def admin(*, database: Database, documents: int, console: Console) -> dict[str, Any]:
    """Insert, ask for each page, insert more, ask again, and print; returns the figures."""
    name = f"bench_{secrets.token_hex(4)}_admin"
    os.environ.update(
        DJANGO_SETTINGS_MODULE="conversation_service.settings",
        MONGODB_URL=database.url,
        MONGODB_DATABASE=name,
        ENVIRONMENT="test",
        LOG_LEVEL="ERROR",
    )
    django.setup()
    now = datetime.now(UTC)
    with _indexed(database, name=name) as client:
        rows = _conversations(documents, now=now)
        browser = _browser()
        timed = []
        for number in (FEW, documents - FEW):
            with console.status(f"inserting {number:,} conversations"):
                _insert(client[name]["conversations"], rows, number=number)
            timed.append(_time_all(browser, now=now, console=console))
    _show(*timed, documents=documents, title=database.name, console=console)
    return {"database": database.name, "documents": [FEW, documents], "pages": timed}


@contextmanager
def _indexed(database: Database, *, name: str) -> Iterator[MongoClient[Document]]:
    client: MongoClient[Document] = MongoClient(database.url)
    try:
        create_indexes(client[name], wanted=_is_for_the_admin)
        yield client
    finally:
        if database.name == GIVEN:  # the embedded server would take minutes; it ends
            client.drop_database(name)
        client.close()


def _is_for_the_admin(index: Index) -> bool:
    """Whether these pages use it; the others would take the embedded server an hour to fill."""
    return index.collection != CONVERSATIONS or index.name in INDEXES


def _conversations(number: int, *, now: datetime) -> Iterator[Document]:
    """Return conversations of many users, created evenly over the time up to now, in no order."""
    chance = random.Random(0)  # noqa: S311  # the same data in every run
    shapes = [conversation(user="shape", number=each, chance=chance) for each in range(SHAPES)]
    for each in range(number):
        created_at = now - SPAN * chance.random()
        seconds = int(created_at.timestamp()).to_bytes(4, "big")
        yield {
            **shapes[each % SHAPES],
            "_id": ObjectId(seconds + chance.randbytes(8)),
            "user_id": f"user-{each // PER_USER}",
            "character_id": f"character-{chance.randrange(CHARACTERS)}",
            "status": chance.choices(STATUSES, WEIGHTS)[0],
            "created_at": created_at,
            "recent_activity": [],
        }


def _insert(collection: Any, rows: Iterator[Document], *, number: int) -> None:
    left = number
    while left:
        batch = [next(rows) for _ in range(min(BATCH, left))]
        collection.insert_many(batch, ordered=False)
        left -= len(batch)


def _browser() -> Any:
    # Imported here: they need Django to be set up.
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    browser = Client()
    browser.force_login(User.objects.create_superuser("bench"))
    return browser


def _pages(now: datetime) -> dict[str, str]:
    day = (now - SPAN / 2).date()
    of_a_day = f"created_at_from={day}&created_at_to={day}"
    return {
        "the newest": LIST,
        "page 20": f"{LIST}?p=20",
        "archived": f"{LIST}?status=archived",
        "of a character": f"{LIST}?character_id=character-7",
        "of a day 200 days ago": f"{LIST}?{of_a_day}",
        "of a character on that day": f"{LIST}?character_id=character-7&{of_a_day}",
        "of a user": f"{LIST}?user_id=user-7",
        "words of a user's": f"{LIST}?user_id=user-7&q=gardens",
    }


def _time_all(browser: Any, *, now: datetime, console: Console) -> dict[str, Timed]:
    timed = {}
    for page, url in _pages(now).items():
        with console.status(f"asking for {page}"):
            timed[page] = _time(browser, url)
        console.print(f"{page}: {timed[page].median:.0f} ms", highlight=False)
    return timed


def _time(browser: Any, url: str) -> Timed:
    taken = []
    for _ in range(TIMES + 1):
        begun = time.perf_counter()
        answer = browser.get(url)
        taken.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}")
    del taken[0]  # it warms caches
    return Timed(median=statistics.median(taken), most=max(taken))


def _show(
    few: dict[str, Timed],
    many: dict[str, Timed],
    *,
    documents: int,
    title: str,
    console: Console,
) -> None:
    table = Table(title=f"{title}: {FEW:,} and {documents:,} conversations")
    for heading in ("page", f"{FEW:,}: ms", f"{documents:,}: ms", "at most", "ratio"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    for page, before in few.items():
        after = many[page]
        table.add_row(
            *(page, f"{before.median:.0f}", f"{after.median:.0f}", f"{after.most:.0f}"),
            f"{after.median / before.median:.2f}",
        )
    console.print(table)
