"""The same conversations for every server, each in its own database and its own shape."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from conversations.document import new_document
from conversations.repository.index_state import options_of
from conversations.repository.indexes import CONVERSATIONS, INDEXES, Index

Document = dict[str, Any]
START = datetime(2026, 1, 1)  # noqa: DTZ001  # UTC without an offset, as in documents
CHARACTERS = {"ada": "Ada Lovelace", "borges": "Jorge Luis Borges"}
WORDS = [
    "letters",
    "about",
    "engines",
    "gardens",
    "that",
    "fork",
    "in",
    "time",
    "notes",
    "on",
    "numbers",
    "and",
    "mirrors",
]
TAGS = ("work", "ideas", "travel", "música", "later")
BATCH = 1_000


@dataclass(frozen=True, kw_only=True)
class Population:
    """Who has conversations: their users, and how many each of them has."""

    prefix: str
    users: int
    conversations: int

    @property
    def names(self) -> list[str]:
        """The users' ids."""
        return [f"{self.prefix}-{number}" for number in range(self.users)]


def conversation(*, user: str, number: int, chance: random.Random) -> Document:
    """Return a user's conversation as the service stores it: its events harvested, some chatter."""
    character_id = chance.choice(list(CHARACTERS))
    messages = chance.randrange(0, 120)
    created_at = START + timedelta(minutes=number)
    document = new_document(
        user_id=user,
        character_id=character_id,
        character={
            "name": CHARACTERS[character_id],
            "avatar_url": f"https://avatars.example/{character_id}.png",
        },
        title=" ".join(chance.choices(WORDS, k=chance.randrange(2, 8))),
        title_source="user",
        tags=chance.sample(TAGS, k=chance.randrange(0, 4)),
        settings={
            "model": "small",
            "temperature": 0.7,
            "max_tokens": 2_000,
            "language": "en",
            "system_prompt": " ".join(chance.choices(WORDS, k=chance.randrange(0, 150))),
        },
        pinned=chance.random() < 0.05,
        expires_at=None,
        now=created_at,
        conversation_id=ObjectId(_id(user, number)),
    )
    last_activity = created_at + timedelta(minutes=messages, seconds=chance.randrange(60))
    return {
        **document,
        "metadata": {"last_activity": last_activity, "message_count": messages},
        "activity_rev": messages,
        "recent_activity": [chance.randbytes(8) for _ in range(messages)],
        "pending_events": [],
    }


def _id(user: str, number: int) -> bytes:
    """Return twelve bytes for an ObjectId, the same in every database."""
    return hashlib.sha256(f"{user}/{number}".encode()).digest()[:12]


def conversations(population: Population) -> Iterator[Document]:
    """Return the conversations of all its users, the same at every call."""
    chance = random.Random(population.prefix)  # noqa: S311  # the same data in every run
    for user in population.names:
        for number in range(population.conversations):
            yield conversation(user=user, number=number, chance=chance)


def public(document: Document) -> Document:
    """Return what a peer stores: the fields that it shows, none of the service's own."""
    internal = ("title_source", "title_sort", "activity_rev", "search_terms", "recent_activity")
    outbox = ("partition", "pending_events")
    return {name: value for name, value in document.items() if name not in internal + outbox}


def flat(document: Document) -> Document:
    """Return what the plain ORM stores: `metadata` as two columns."""
    shown = public(document)
    return {**shown, **shown.pop("metadata")}


def create_indexes(
    database: Database[Document], *, wanted: Callable[[Index], bool] = lambda _: True
) -> None:
    """Create the service's declared indexes, or those of them that are wanted."""
    for index in filter(wanted, INDEXES):
        database[index.collection].create_index(
            list(index.keys), name=index.name, **options_of(index)
        )


def fill(
    *,
    client: MongoClient[Document],
    database: str,
    populations: list[Population],
    shape: Callable[[Document], Document],
) -> None:
    """Insert the populations' conversations, each as `shape` makes it."""
    collection = client[database][CONVERSATIONS]
    for population in populations:
        batch: list[Document] = []
        for document in conversations(population):
            batch.append(shape(document))
            if len(batch) == BATCH:
                collection.insert_many(batch, ordered=False)
                batch = []
        if batch:
            collection.insert_many(batch, ordered=False)
