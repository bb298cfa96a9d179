"""What beat sends is known to the workers."""

from conversation_service.celery import app
from conversation_service.schedule import BEAT_SCHEDULE


def test_the_workers_know_every_scheduled_task() -> None:
    """Each entry names a task of a module that workers load."""
    app.loader.import_default_modules()
    assert {entry["task"] for entry in BEAT_SCHEDULE.values()} <= set(app.tasks)
