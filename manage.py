#!/usr/bin/env python
"""The command line of the service; `manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conversation_service.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:  # before a command of ours has begun, or in one of Django's
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
