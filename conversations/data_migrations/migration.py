"""What a data migration is to those who carry it out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from conversations.repository.database import Document


class Unfit(Exception):
    """A document cannot be migrated; the code says why, never what is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Changes(Protocol):
    """What computes the write for one document."""

    def __call__(self, document: Document, *, now: datetime, announce: bool) -> Document:
        """Return the fields to set; raises Unfit.

        `announce` asks to leave an event with the document, so that consumers learn of it.
        """


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One data migration.

    It goes through `collection` by `_id`. `fields` are the ones that are read of each document,
    and its write holds only where all of them still are as read. `wants` says of a document so
    read whether it is to be changed; of one that has been changed it must say no. `left` is the
    same as a query, for the server to look whether documents came after the migration was done.
    """

    name: str
    about: str
    collection: str
    fields: tuple[str, ...]
    left: Document
    wants: Callable[[Document], bool]
    changes: Changes
