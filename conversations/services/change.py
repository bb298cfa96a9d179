"""The one path by which a conversation changes."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations.caller import Caller
from conversations.document import DERIVING, derived_fields
from conversations.errors import TooContended, VersionMismatch
from conversations.events.envelope import envelope
from conversations.repository import conversations
from conversations.repository.conversations import Change
from conversations.repository.database import Document
from conversations.services.aftermath import after_write
from conversations.services.harvest import harvest, is_due
from conversations.services.read import get_conversation
from conversations.states import EVENT_TYPES, Action

FIRST_PAUSE = 0.005  # seconds; doubles with each lost race, and half of it is chance
LONGEST_PAUSE = 0.25

Compute = Callable[[Document], dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """The conversation after the call, and whether the call changed it."""

    document: Document
    changed: bool


def change_conversation(
    *,
    conversation_id: ObjectId,
    action: Action,
    compute: Compute,
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> Changed:
    """Change one conversation and leave its event with it, in one atomic write.

    `compute` returns the fields as they shall be; it is called again with the newer document when
    another change came first, so that changes of different fields all survive. Fields that stay
    as they are count for nothing: without a difference nothing is written.

    Raises VersionMismatch if the current one is not among `expected_versions`, TooContended at the
    deadline, what `compute` raises, and what get_conversation raises.
    """
    pause = FIRST_PAUSE
    while True:
        document = get_conversation(conversation_id=conversation_id, caller=caller, now=now)
        check_version(document, expected=expected_versions)
        differing = differing_fields(document, compute(document))
        if not differing:
            return Changed(document=document, changed=False)
        if is_due(document):
            harvest(
                get_conversation(
                    conversation_id=conversation_id,
                    caller=caller,
                    now=now,
                    with_pending_events=True,
                )
            )
        change = _change(document, differing, action=action, caller=caller, now=now)
        after = conversations.update_at_version(change)
        if after is not None:
            after_write(after, change.event)
            return Changed(document=after, changed=True)
        pause = wait_for_next_try(pause, caller=caller)


def change_all(
    *,
    documents: Sequence[Document],
    action: Action,
    compute: Compute,
    caller: Caller,
    now: datetime,
) -> set[ObjectId]:
    """Try once to change these conversations, just read, as change_conversation does.

    They may be anybody's, and are written in one command. Returns those that change_conversation
    is needed for: another change came first, or so many events wait that they go to the log first.
    """
    differing = {each["_id"]: differing_fields(each, compute(each)) for each in documents}
    changes = [
        _change(each, differing[each["_id"]], action=action, caller=caller, now=now)
        for each in documents
        if differing[each["_id"]] and not is_due(each)
    ]
    written = conversations.update_all_at_version(changes) if changes else set()
    for change in changes:
        if change.document["_id"] in written:
            after_write(change.document, change.event)  # its owner and partition do not change
    return {key for key, fields in differing.items() if fields} - written


def differing_fields(document: Document, fields: dict[str, Any]) -> dict[str, Any]:
    """Return those of the fields that are not in the document already."""
    return {name: value for name, value in fields.items() if document[name] != value}


def _change(
    document: Document,
    differing: dict[str, Any],
    *,
    action: Action,
    caller: Caller,
    now: datetime,
) -> Change:
    moment = moment_of_change(document, now=now)
    fields = {**differing, "updated_at": moment}
    after = {**document, **fields, "version": document["version"] + 1}
    if not DERIVING.isdisjoint(differing):
        fields.update(derived_fields(after))
    event = envelope(
        event_type=EVENT_TYPES[action],
        after=after,
        caller=caller,
        now=moment,
        changed=differing.keys() - {"title_source"},
    )
    if "metadata" in fields:
        fields.update(_added_members(fields.pop("metadata"), document["metadata"]))
    return Change(document=document, fields=fields, event=event, version=after["version"])


def _added_members(metadata: Document, before: Document) -> dict[str, Any]:
    """Return what to set in a document's metadata: the whole would undo activity of meanwhile."""
    return {
        f"metadata.{name}": value
        for name, value in metadata.items()
        if name not in before or before[name] != value
    }


def moment_of_change(document: Document, *, now: datetime) -> datetime:
    """Return when a change counts as made.

    One that lost a race began before the one that won: time still never goes back.
    """
    before: datetime = document["updated_at"]
    return max(now, before)


def check_version(document: Document, *, expected: frozenset[int] | None) -> None:
    """Raise VersionMismatch if versions are expected and the document's is not among them."""
    if expected is not None and document["version"] not in expected:
        raise VersionMismatch(version=document["version"], activity=document["activity_rev"])


def wait_for_next_try(pause: float, *, caller: Caller) -> float:
    """Sleep about `pause` seconds; return the next pause. Raises TooContended at the deadline."""
    wait = pause * random.uniform(0.5, 1)  # noqa: S311  # jitter, no secret
    if caller.deadline.remaining() <= wait:
        raise TooContended
    time.sleep(wait)
    return min(pause * 2, LONGEST_PAUSE)
