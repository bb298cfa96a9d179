"""The life cycle: which action leads from which status to which."""

from enum import StrEnum

from conversations.errors import StateConflict


class Status(StrEnum):
    """A conversation's status. PURGED is a shell that no caller sees."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"
    PURGED = "purged"


class Action(StrEnum):
    """What changes a conversation; each has its event type, `conversation.<past>`."""

    UPDATE = "update"
    ARCHIVE = "archive"
    UNARCHIVE = "unarchive"
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"


LISTED = (Status.ACTIVE, Status.ARCHIVED, Status.DELETED)
"""Every status that a caller can see, in the order of the life cycle."""

EVENT_TYPES = {
    Action.UPDATE: "conversation.updated",
    Action.ARCHIVE: "conversation.archived",
    Action.UNARCHIVE: "conversation.unarchived",
    Action.DELETE: "conversation.deleted",
    Action.RESTORE: "conversation.restored",
    Action.PURGE: "conversation.purged",
}

# Status x action -> the status after. Where both are equal the action changes no state; a pair
# that is missing is a conflict. Restoring depends on history and is decided by restored_to.
_AFTER = {
    (Status.ACTIVE, Action.UPDATE): Status.ACTIVE,
    (Status.ACTIVE, Action.ARCHIVE): Status.ARCHIVED,
    (Status.ACTIVE, Action.UNARCHIVE): Status.ACTIVE,
    (Status.ACTIVE, Action.DELETE): Status.DELETED,
    (Status.ACTIVE, Action.RESTORE): Status.ACTIVE,
    (Status.ACTIVE, Action.PURGE): Status.PURGED,
    (Status.ARCHIVED, Action.UPDATE): Status.ARCHIVED,
    (Status.ARCHIVED, Action.ARCHIVE): Status.ARCHIVED,
    (Status.ARCHIVED, Action.UNARCHIVE): Status.ACTIVE,
    (Status.ARCHIVED, Action.DELETE): Status.DELETED,
    (Status.ARCHIVED, Action.RESTORE): Status.ARCHIVED,
    (Status.ARCHIVED, Action.PURGE): Status.PURGED,
    (Status.DELETED, Action.DELETE): Status.DELETED,
    (Status.DELETED, Action.RESTORE): Status.ACTIVE,
    (Status.DELETED, Action.PURGE): Status.PURGED,
}


def status_after(*, status: Status, action: Action, was_archived: bool) -> Status:
    """Return the status that `action` leads to from `status`.

    `was_archived` says where the trash was entered from. Raises StateConflict where the action
    is not allowed.
    """
    after = _AFTER.get((status, action))
    if after is None:
        raise StateConflict(action=action, status=_in_words(status))
    if action is Action.RESTORE and status is Status.DELETED and was_archived:
        return Status.ARCHIVED
    return after


def _in_words(status: Status) -> str:
    return "in the trash" if status is Status.DELETED else status.value
