"""What no normal course leaves behind, found and mended.

A crash can leave one thing: the shell of a purge whose events are all in the log, cut off between
the last event's removal and its own. `orphan_chores` finds it by an index, at any time. The rest
takes an operator's hand, a partial restore or a fault of ours, and reading whole collections:
`deep_orphan_chores` is for the command alone.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import structlog

from conversations.repository import events, orphans
from conversations.repository.database import Document
from conversations.services.cleanup.chore import Chore
from conversations.services.harvest import harvest

SETTLED = timedelta(minutes=10)  # nobody is at work any more on what was purged so long ago
log = structlog.get_logger(__name__)


def orphan_chores(*, now: datetime) -> Iterator[Chore]:
    """Yield the harvest of purged shells that no sweep finds: their log emptied, they removed."""
    for shell in orphans.shells_before(now - SETTLED):
        if "pending_since" not in shell:
            yield _harvest("shell", shell)


def deep_orphan_chores(*, now: datetime) -> Iterator[Chore]:
    """Yield what orphan_chores does, events that no sweep would find, content that should be gone.

    Reads all conversations, and the log's events of purged ones.
    """
    yield from orphan_chores(now=now)
    for document in orphans.unmarked_documents():
        yield _harvest("events", document)
    for partition, conversation_id in orphans.purged_conversations():
        if orphans.has_content(partition=partition, conversation_id=conversation_id):
            redact = partial(_redact, partition=partition, conversation_id=conversation_id)
            yield Chore(kind="content", size=1, do=redact)


def _harvest(kind: str, document: Document) -> Chore:
    return Chore(kind=kind, size=1, do=partial(_harvested, kind, document))


def _harvested(kind: str, document: Document) -> int:
    log.warning("orphan found", kind=kind, conversation_id=str(document["_id"]))
    harvest(document)
    return 1


def _redact(*, partition: int, conversation_id: str) -> int:
    log.warning("orphan found", kind="content", conversation_id=conversation_id)
    events.redact(partition=partition, conversation_id=conversation_id)
    return 1
