"""What a conversation takes, in bytes: `python -m bench.sizes`. No server is asked.

Documents are the BSON that drivers send; a database stores them compressed. Entries of indexes are
counted as MongoDB's KeyString writes them: a byte for each type, the value, an end, and some four
bytes for the document's place. WiredTiger leaves out what neighbouring entries begin with alike.
"""

import random
from collections.abc import Iterable
from datetime import datetime
from itertools import product
from statistics import mean
from typing import Any

import bson
from bson import ObjectId

from bench.seeding import Document, conversation
from conversations.activity import REMEMBERED
from conversations.caller import Caller
from conversations.events.envelope import envelope
from conversations.repository.indexes import CONVERSATIONS, EVENTS, INDEXES, Index
from integrations.resilience.deadline import Deadline

NUMBER = 2_000  # conversations
END, PLACE = 1, 4  # bytes
MARK = 2**62  # of an activity: eight bytes, as all of them


def main() -> None:
    """Print the means."""
    chance = random.Random("sizes")  # noqa: S311  # the same in every run
    documents = [
        conversation(user=f"user-{number % 100:06}", number=number, chance=chance)
        for number in range(NUMBER)
    ]
    told = [_with_marks(each, each["metadata"]["message_count"]) for each in documents]
    rows = [_row(each, position=number) for number, each in enumerate(documents)]
    print(f"means of {NUMBER} conversations, in bytes\n")
    _print("conversation without messages", _size(_with_marks(each, 0) for each in documents))
    _print("conversation with 0 to 119 messages", _size(told))
    full = (_with_marks(each, REMEMBERED) for each in documents)
    _print(f"conversation with {REMEMBERED} messages or more", _size(full))
    _print("row of the log, one for each change", _size(rows))
    _print_indexes(CONVERSATIONS, told)
    _print_indexes(EVENTS, rows)


def _with_marks(document: Document, number: int) -> Document:
    return {**document, "recent_activity": [MARK] * number}


def _row(document: Document, *, position: int) -> Document:
    caller = Caller(
        actor=document["user_id"],
        owner=document["user_id"],
        trace_id="0" * 32,
        deadline=Deadline.after(1),
    )
    event = envelope(
        event_type="conversation.updated",
        after=document,
        caller=caller,
        now=document["updated_at"],
        changed=["title"],
    )
    return {
        "_id": ObjectId(),
        "partition": document["partition"],
        "position": position,
        "event_id": event["event_id"],
        "event": event,
    }


def _size(documents: Iterable[Document]) -> float:
    return mean(len(bson.encode(each)) for each in documents)


def _print_indexes(collection: str, documents: list[Document]) -> None:
    print(f"\nindexes of {collection}: entries for each document, and their bytes\n")
    declared = [index for index in INDEXES if index.collection == collection]
    by_id = Index(collection=collection, name="_id_", keys=(("_id", 1),))
    total = [0.0, 0.0]
    for index in (by_id, *declared):
        entries = [_entries(each, index) for each in documents]
        number, size = mean(map(len, entries)), mean(map(sum, entries))
        total = [total[0] + number, total[1] + size]
        _print(f"{index.name:22}{number:6.2f}", size)
    _print(f"{'all':22}{total[0]:6.2f}", total[1])


def _entries(document: Document, index: Index) -> list[int]:
    """Return the size of each entry that a document has in an index."""
    for field in index.partial or ():
        if not _value(document, field):
            return []
    values = [_value(document, field) for field in index.fields]
    each = [value or [None] if isinstance(value, list) else [value] for value in values]
    return [sum(map(_key_size, keys)) + END + PLACE for keys in product(*each)]


def _value(document: Document, field: str) -> Any:
    value: Any = document
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _key_size(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode()) + 2
    if isinstance(value, ObjectId):
        return 13
    if isinstance(value, datetime):
        return 9
    return 3 if isinstance(value, int) and not isinstance(value, bool) else 1


def _print(what: str, size: float) -> None:
    print(f"{what:40}{size:8.0f}")


if __name__ == "__main__":
    main()
