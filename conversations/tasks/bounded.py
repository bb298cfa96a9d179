"""What every task does alike: its time is bounded, and it says how it ended."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pymongo
import structlog
from celery import shared_task
from django.db import DatabaseError
from pymongo.errors import PyMongoError

from conversations.errors import NotSetUp
from conversations.services.setup import require_unique_indexes

log = structlog.get_logger(__name__)


def background_task(*, name: str, seconds: float, **options: Any) -> Callable[[Any], Any]:
    """Return a decorator that makes a Celery task whose database operations end after `seconds`.

    A database that fails ends the task with one line in the log: the next run goes on from where
    this one came to. One that lacks a unique index is not touched. `options` are Celery's own.
    """

    def decorate(run: Callable[..., None]) -> Any:
        @wraps(run)
        def bounded(*args: Any, **kwargs: Any) -> None:
            try:
                with pymongo.timeout(seconds):
                    require_unique_indexes()
                    run(*args, **kwargs)
            except NotSetUp as error:
                log.error("task not run", task=name, reason=str(error))
            except (PyMongoError, DatabaseError) as error:
                log.warning("task ended early", task=name, reason=type(error).__name__)

        return shared_task(bounded, name=name, **options)

    return decorate
