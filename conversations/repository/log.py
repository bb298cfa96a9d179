"""The log of events, as its readers want it: a user's rows, or a conversation's events."""

from collections.abc import Mapping

from conversations.repository.database import Document, collection
from conversations.repository.indexes import EVENTS

_PLACE = {"_id": 0, "position": 1}


def rows_after(*, partition: int, position: int, user_id: str | None, limit: int) -> list[Document]:
    """Return the next rows of a partition, in order; of one user where one is named."""
    query: Document = {"partition": partition}
    if user_id is not None:
        query["event.user_id"] = user_id
    return _find({**query, "position": {"$gt": position}}, sort=("position", 1), limit=limit)


def rows_between(
    *, partition: int, above: int, upto: int, projection: Mapping[str, int] | None = None
) -> list[Document]:
    """Return a partition's rows above one position and up to another, in order."""
    found = collection(EVENTS).find(
        {"partition": partition, "position": {"$gt": above, "$lt": upto + 1}},
        projection,
        sort=[("position", 1)],
    )
    return list(found)


def events_of_conversation(
    *, partition: int, conversation_id: str, sequence: Mapping[str, int], upwards: bool, limit: int
) -> list[Document]:
    """Return the first events of a conversation in a range such as {"$lt": 7}, or of all.

    They are ordered by sequence, from the highest down, or `upwards` from the lowest.
    """
    query: Document = {"partition": partition, "event.conversation_id": conversation_id}
    if sequence:
        query["event.sequence"] = dict(sequence)
    rows = _find(query, sort=("event.sequence", 1 if upwards else -1), limit=limit)
    return [row["event"] for row in rows]


def _find(query: Document, *, sort: tuple[str, int], limit: int) -> list[Document]:
    # All rows in the first answer: no connection stays bound to a cursor.
    return list(collection(EVENTS).find(query, sort=[sort], limit=limit, batch_size=limit))


def position_of(*, partition: int, event_id: str, user_id: str) -> int | None:
    """Return the position of a user's event, or None where the log has no such event."""
    row = collection(EVENTS).find_one(
        {"partition": partition, "event_id": event_id}, {**_PLACE, "event.user_id": 1}
    )
    if row is None or row["event"]["user_id"] != user_id:
        return None
    position: int = row["position"]
    return position
