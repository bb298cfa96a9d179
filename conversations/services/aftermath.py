"""What follows a write that has happened, whether or not its caller still waits."""

from conversations import dependencies
from conversations.repository.database import Document


def after_write(document: Document) -> None:
    """Let those know who act on changes; `document` is the conversation after the write.

    Nothing here may fail the request or make it wait: the change and its event are stored.
    """
    dependencies.get().nudge(document["partition"])
