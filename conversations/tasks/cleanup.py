"""Cleaning up, a few seconds at a time: what is left over is the next run's."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.management import call_command

from conversations import dependencies
from conversations.services.cleanup.chore import work_off
from conversations.services.cleanup.conversations import expiry_chores, trash_chores
from conversations.services.cleanup.log import log_chores
from conversations.services.cleanup.orphans import orphan_chores
from conversations.tasks.bounded import background_task

WORK_SECONDS = 5.0
LIMIT_SECONDS = 20.0  # for the last chore to end in


@background_task(name="cleanup.trash", seconds=LIMIT_SECONDS)
def clean_trash() -> None:
    """Purge what has been in the trash for TRASH_RETENTION_DAYS."""
    days = timedelta(days=settings.CONFIG.trash_retention_days)
    work_off(trash_chores(now=_now(), retention=days), seconds=WORK_SECONDS)


@background_task(name="cleanup.expired", seconds=LIMIT_SECONDS)
def clean_expired() -> None:
    """Purge what has expired."""
    work_off(expiry_chores(now=_now()), seconds=WORK_SECONDS)


@background_task(name="cleanup.log", seconds=LIMIT_SECONDS)
def clean_log() -> None:
    """Delete published events from the log after EVENTS_RETENTION_DAYS."""
    days = timedelta(days=settings.CONFIG.events_retention_days)
    work_off(log_chores(now=_now(), retention=days), seconds=WORK_SECONDS)


@background_task(name="cleanup.orphans", seconds=LIMIT_SECONDS)
def clean_orphans() -> None:
    """Mend what a crash can leave behind."""
    work_off(orphan_chores(now=_now()), seconds=WORK_SECONDS)


@background_task(name="cleanup.sessions", seconds=LIMIT_SECONDS)
def clean_sessions() -> None:
    """Delete the admin's sessions that are over, by one command to the database."""
    call_command("clearsessions")


def _now() -> datetime:
    return dependencies.get().clock()
