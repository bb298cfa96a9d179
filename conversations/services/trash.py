"""The trash: deleting, restoring, and purging for good."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations.caller import Caller
from conversations.document import is_migrated
from conversations.events.envelope import envelope
from conversations.repository import conversations, idempotency
from conversations.repository.database import Document
from conversations.services.aftermath import after_write
from conversations.services.change import (
    FIRST_PAUSE,
    Changed,
    change_conversation,
    check_version,
    moment_of_change,
    wait_for_next_try,
)
from conversations.services.harvest import harvest
from conversations.services.read import get_conversation
from conversations.states import EVENT_TYPES, Action, Status, status_after


def delete_conversation(
    *,
    conversation_id: ObjectId,
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> Changed:
    """Move to the trash, from where it can be restored; in the trash nothing changes."""
    return change_conversation(
        conversation_id=conversation_id,
        action=Action.DELETE,
        compute=lambda document: _trashed(document, now=now),
        expected_versions=expected_versions,
        caller=caller,
        now=now,
    )


def _trashed(document: Document, *, now: datetime) -> dict[str, Any]:
    if document["status"] == Status.DELETED:
        return {}
    return {"status": Status.DELETED.value, "deleted_at": now}


def restore_conversation(
    *,
    conversation_id: ObjectId,
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> Changed:
    """Take out of the trash, to where it was; outside the trash nothing changes."""
    return change_conversation(
        conversation_id=conversation_id,
        action=Action.RESTORE,
        compute=_restored,
        expected_versions=expected_versions,
        caller=caller,
        now=now,
    )


def _restored(document: Document) -> dict[str, Any]:
    after = status_after(
        status=Status(document["status"]),
        action=Action.RESTORE,
        was_archived=document["archived_at"] is not None,
    )
    return {"status": after.value, "deleted_at": None}


def purge_conversation(
    *,
    conversation_id: ObjectId,
    expected_versions: frozenset[int] | None,
    caller: Caller,
    now: datetime,
) -> None:
    """Delete for good, from any state: no content is left, here or in events not yet sent.

    What stays is a shell that carries the events until they are in the log. Raises what
    change_conversation raises.
    """

    def read() -> Document:
        document = get_conversation(
            conversation_id=conversation_id, caller=caller, now=now, with_pending_events=True
        )
        check_version(document, expected=expected_versions)
        return document

    _purge(read, caller=caller, now=now)


def purge_if(
    *,
    conversation_id: ObjectId,
    condition: Callable[[Document], bool],
    caller: Caller,
    now: datetime,
) -> bool:
    """Purge one of the owner's for which `condition` holds, also one that no caller can see.

    It holds of the very version that is purged: whoever changes the conversation first has it
    looked at again. Returns whether it was purged here. Raises TooContended at the deadline.
    """

    def read() -> Document | None:
        document = conversations.find(
            conversation_id=conversation_id, user_id=caller.owner, with_pending_events=True
        )
        if document is None or not is_migrated(document):
            return None
        if document.get("status") == Status.PURGED:
            return None
        return document if condition(document) else None

    return _purge(read, caller=caller, now=now)


def _purge(read: Callable[[], Document | None], *, caller: Caller, now: datetime) -> bool:
    """Purge what `read` returns, read again as often as another change comes first."""
    pause = FIRST_PAUSE
    while (document := read()) is not None:
        # First, so that no answer kept for a repeat outlives the content that it holds.
        idempotency.delete_of(document["_id"])
        shell = _write_shell(document, caller=caller, now=now)
        if shell is not None:
            if shell.get("harvested"):
                # The log has content of it too. The rest of its life is short: it goes there now.
                harvest(shell)
            after_write(shell, shell["pending_events"][-1])
            return True
        pause = wait_for_next_try(pause, caller=caller)
    return False


def _write_shell(document: Document, *, caller: Caller, now: datetime) -> Document | None:
    """Return the shell with its events, or None when another change came first."""
    # The whole list of events is exchanged, as one update cannot both change and append to it.
    # Events that were harvested since are dropped there by their event_id.
    moment = moment_of_change(document, now=now)
    fields = {**_EMPTIED, "deleted_at": moment, "updated_at": moment}
    after = {**document, **fields, "version": document["version"] + 1}
    purged = envelope(
        event_type=EVENT_TYPES[Action.PURGE],
        after=after,
        caller=caller,
        now=moment,
        changed=(),
        with_data=False,
    )
    emptied = [{**event, "data": None} for event in document.get("pending_events", [])]
    pending = [*emptied, purged]
    written = conversations.replace_events_at_version(
        document=document, fields=fields, events=pending, version=after["version"]
    )
    return None if written is None else {**written, "pending_events": pending}


_EMPTIED: dict[str, Any] = {
    "status": Status.PURGED.value,
    "character": {"name": "", "avatar_url": None},
    "title": "",
    "title_source": "auto",
    "title_sort": "",
    "pinned": False,
    "tags": [],
    "folder_id": None,
    "expires_at": None,
    "settings": {},
    "metadata": {},
    "search_terms": [],
    "recent_activity": [],
}
