"""The door for a WSGI server: `granian --interface wsgi conversation_service.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from conversation_service.config import get_config
from conversation_service.ending import when_asked_to_end
from conversation_service.tracing import start_tracing
from conversations import dependencies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conversation_service.settings")
start_tracing(get_config())
application = get_wsgi_application()
# All views are imported now: the first request need not wait for it (0.2 s), and one that cannot be
# imported stops the start.
_ = get_resolver().url_patterns


def _answer_who_waits() -> None:
    dependencies.get().waiters.close()


# Else a request that waits for events is cut off when the server's time to end is over.
when_asked_to_end(_answer_who_waits)
