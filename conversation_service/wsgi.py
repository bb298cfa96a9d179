"""The door for a WSGI server: `granian --interface wsgi conversation_service.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conversation_service.settings")
application = get_wsgi_application()
