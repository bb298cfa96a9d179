"""A task for a real worker: `celery -A … worker -I tests.doubles.asking_task`."""

from celery import shared_task

from conversations import dependencies
from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def ask_for(character_id: str) -> None:
    """Read a character, as any task would."""
    try:
        dependencies.get().characters.get(character_id=character_id, deadline=Deadline.after(60))
    except UpstreamUnavailable:
        return
