"""The order in which events may go to a broker: one after the other within a conversation."""

from collections.abc import Iterable
from typing import Any

Row = dict[str, Any]


def stream_of(row: Row) -> str:
    """Return what a row of the log is in order with: its conversation, or all of its user's."""
    event = row["event"]
    conversation_id: str | None = event["conversation_id"]
    return conversation_id or f"user {event['user_id']}"


def waves(rows: Iterable[Row]) -> list[list[Row]]:
    """Return rows, given in order, as waves to be sent one after the other.

    A wave has each conversation once, so that an event that is refused is known to be before the
    next of its conversation is sent. An event of no conversation comes after all before it.
    """
    found: list[list[Row]] = []
    next_wave: dict[str, int] = {}
    for row in rows:
        stream = stream_of(row)
        number = next_wave.get(stream, 0) if row["event"]["conversation_id"] else len(found)
        next_wave[stream] = number + 1
        if number == len(found):
            found.append([])
        found[number].append(row)
    return found
