"""What follows a write that has happened, whether or not its caller still waits."""

from typing import Any

from conversations import dependencies
from conversations.repository.database import Document


def after_write(document: Document, event: dict[str, Any]) -> None:
    """Let those know who act on changes: of the conversation after the write, and its event.

    Nothing here may fail the request or make it wait: the change and its event are stored.
    """
    here = dependencies.get()
    here.event_written(event)
    here.nudge(document["partition"])
    here.waiters.wake(document["user_id"])
    here.plugins.after_write(event)
