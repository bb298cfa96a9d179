"""The wiring of the Conversation Service; what it does stands in `conversations`."""

from conversation_service.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
