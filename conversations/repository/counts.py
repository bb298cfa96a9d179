"""Counts over everybody's conversations, for operators."""

import pymongo

from conversations.repository.database import collection
from conversations.states import Status


def active_conversations(*, timeout: float) -> int:
    """Return how many conversations are active; raises PyMongoError after `timeout` seconds.

    Expired ones that no sweep has met yet are counted too.
    """
    with pymongo.timeout(timeout):
        return collection("conversations").count_documents({"status": Status.ACTIVE.value})
