"""The door of the admin: nobody behind it waits for a database that is away.

The admin asks the database who is there before it knows whom it serves, so anybody could let
threads wait for one that does not answer. Here a few find out, for seconds; the rest hear at once.
"""

import threading

import pymongo
from pymongo.errors import ConnectionFailure

from conversations.repository.database import ping

PATIENCE = 5.0  # seconds that a database which works may take to answer, busy as it may be
LONGEST_WAIT = 0.1  # seconds for one of the few places, which are free again in no time if it works


class AdminDoor:
    """At most `size` requests at a time find out whether the database answers."""

    def __init__(self, *, size: int) -> None:
        self._places = threading.BoundedSemaphore(size)

    def enter(self) -> None:
        """Return when the database has answered.

        Raises PyMongoError if it does not in PATIENCE, or what is left of the request's time; and
        at once if others are waiting for it still.
        """
        if not self._places.acquire(timeout=LONGEST_WAIT):
            raise ConnectionFailure("others are waiting for the database")
        try:
            with pymongo.timeout(PATIENCE):
                ping()
        finally:
            self._places.release()
