from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """The conversations of users with characters."""

    name = "conversations"
    verbose_name = "Conversations"
    default_auto_field = "django_mongodb_backend.fields.ObjectIdAutoField"
