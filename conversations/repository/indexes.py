"""Every index of the service, once.

All keys are ascending and read backwards where an ordering descends: one index serves both, and
the embedded server answers wrongly from descending ones on strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONVERSATIONS = "conversations"
EVENTS = "conversation_events"
IDEMPOTENCY_KEYS = "idempotency_keys"
ACTIVITY = "metadata.last_activity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """One declared index.

    `keys` are (field, direction) pairs; `partial` is its partialFilterExpression;
    `expire_after` makes it a TTL index, in seconds.
    """

    collection: str
    name: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    expire_after: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The indexed fields, in order."""
        return tuple(field for field, _ in self.keys)


def _list_index(*fields: str, name: str, partial: Mapping[str, Any] | None = None) -> Index:
    """Return an index that serves a list: the owner, the status, `fields`, and `_id` for ties."""
    keys = tuple((field, 1) for field in ("user_id", "status", *fields, "_id"))
    return Index(collection=CONVERSATIONS, name=name, keys=keys, partial=partial)


INDEXES: tuple[Index, ...] = (
    _list_index(ACTIVITY, name="by_activity"),
    _list_index("created_at", name="by_created"),
    _list_index("title_sort", name="by_title"),
    _list_index("tags", ACTIVITY, name="by_tag"),
    _list_index("character_id", ACTIVITY, name="by_character"),
    _list_index("folder_id", ACTIVITY, name="by_folder"),
    _list_index("pinned", ACTIVITY, name="by_pinned", partial={"pinned": True}),
    Index(
        collection=CONVERSATIONS,
        name="by_search_term",
        keys=(("user_id", 1), ("search_terms", 1)),
    ),
    Index(
        collection=EVENTS,
        name="by_position",
        keys=(("partition", 1), ("position", 1)),
        unique=True,
    ),
    Index(
        collection=EVENTS,
        name="by_event",
        keys=(("partition", 1), ("event_id", 1)),
        unique=True,
    ),
    Index(
        collection=EVENTS,
        name="by_conversation",
        keys=(("partition", 1), ("event.conversation_id", 1), ("event.sequence", 1)),
    ),
    Index(
        collection=IDEMPOTENCY_KEYS,
        name="expiry",
        keys=(("created_at", 1),),
        expire_after=24 * 3600,
    ),
    Index(collection=IDEMPOTENCY_KEYS, name="by_conversation", keys=(("conversation_id", 1),)),
)
