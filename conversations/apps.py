import os
import sys
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


class ConversationsConfig(AppConfig):
    """The conversations of users with characters."""

    name = "conversations"
    verbose_name = "Conversations"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"

    def ready(self) -> None:
        """Find the plugins, and let every `migrate` end with a switch for each flag.

        A plugin that cannot be used ends the process with one line, as other faults of its
        configuration do.
        """
        # Not above: this module is loaded before there are any models.
        from conversations.plugins.discovery import BadPlugin, installed_plugins  # noqa: PLC0415

        post_migrate.connect(_add_switches, sender=self)
        try:
            installed_plugins()
        except BadPlugin as error:
            sys.stderr.write(f"configuration: {error}\n")
            sys.exit(os.EX_CONFIG)


def _add_switches(*, apps: Apps = installed_apps, **_signal: Any) -> None:
    try:
        apps.get_model("waffle", "Switch")
    except LookupError:  # its table is not there, or no more
        return
    from conversations.flags import add_missing_switches  # noqa: PLC0415

    add_missing_switches()
