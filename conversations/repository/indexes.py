"""Every index of the service, once.

All keys are ascending and read backwards where an ordering descends: one index serves both, and
the embedded server answers wrongly from descending ones on strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

CONVERSATIONS = "conversations"
EVENTS = "conversation_events"
IDEMPOTENCY_KEYS = "idempotency_keys"
OUTBOX = "outbox"
JOBS = "jobs"
CONTENT_VIEWS = "content_views"
ACTIVITY = "metadata.last_activity"
# Documents with events that wait. The embedded servers use a partial index only where the query
# repeats its expression, and none at all by `$exists`.
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # UTC, as in documents
WAITING: Mapping[str, Any] = {"pending_since": {"$gt": EPOCH}}
PARKED: Mapping[str, Any] = {"parked.at": {"$gt": EPOCH}}  # rows of the log that were refused
ERASED: Mapping[str, Any] = {"erased": True}  # rows of the log of users who were erased


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
    Index(collection=CONVERSATIONS, name="by_owner", keys=(("user_id", 1), ("_id", 1))),
    # For operators, who look at everybody's conversations: the newest first, and counts.
    Index(collection=CONVERSATIONS, name="by_status", keys=(("status", 1), ("_id", 1))),
    Index(
        collection=CONVERSATIONS,
        name="by_character_of_all",
        keys=(("character_id", 1), ("_id", 1)),
    ),
    Index(
        collection=CONVERSATIONS,
        name="by_waiting",
        keys=(("user_id", 1), ("pending_since", 1)),
        partial=WAITING,
    ),
    Index(
        collection=CONVERSATIONS,
        name="by_pending",
        keys=(("partition", 1), ("pending_since", 1)),
        partial=WAITING,
    ),
    Index(
        collection=CONVERSATIONS,
        name="by_deletion",
        keys=(("status", 1), ("deleted_at", 1)),
        partial={"deleted_at": {"$gt": EPOCH}},
    ),
    Index(
        collection=CONVERSATIONS,
        name="by_expiry",
        keys=(("expires_at", 1),),
        partial={"expires_at": {"$gt": EPOCH}},
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
        collection=EVENTS,
        name="by_user",
        keys=(("partition", 1), ("event.user_id", 1), ("position", 1)),
    ),
    Index(
        collection=EVENTS,
        name="by_parked",
        keys=(("partition", 1), ("parked.at", 1)),
        partial=PARKED,
    ),
    Index(
        collection=EVENTS,
        name="by_erasure",
        keys=(("partition", 1), ("erased", 1), ("position", 1)),
        partial=ERASED,
    ),
    Index(
        collection=IDEMPOTENCY_KEYS,
        name="expiry",
        keys=(("created_at", 1),),
        expire_after=24 * 3600,
    ),
    Index(collection=IDEMPOTENCY_KEYS, name="by_conversation", keys=(("conversation_id", 1),)),
    Index(collection=IDEMPOTENCY_KEYS, name="by_user", keys=(("user_id", 1), ("_id", 1))),
    Index(
        collection=JOBS,
        name="by_owner",
        keys=(("owner", 1), ("created_at", 1), ("_id", 1)),
    ),
    Index(
        collection=JOBS,
        name="one_at_a_time",
        keys=(("exclusive", 1),),
        unique=True,
        partial={"exclusive": {"$exists": True}},
    ),
    Index(collection=JOBS, name="due", keys=(("leased_until", 1),)),
    Index(collection=JOBS, name="by_state", keys=(("state", 1), ("_id", 1))),
    Index(
        collection=JOBS,
        name="expiry",
        keys=(("finished_at", 1),),
        expire_after=30 * 24 * 3600,
    ),
    Index(
        collection=CONTENT_VIEWS,
        name="by_conversation",
        keys=(("conversation_id", 1), ("_id", 1)),
    ),
    Index(collection=CONTENT_VIEWS, name="by_actor", keys=(("actor", 1), ("_id", 1))),
    Index(
        collection=CONTENT_VIEWS,
        name="expiry",
        keys=(("at", 1),),
        expire_after=400 * 24 * 3600,
    ),
)
