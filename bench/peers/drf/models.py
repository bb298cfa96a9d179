from typing import ClassVar

from django.db import models
from django_mongodb_backend.fields import ArrayField, ObjectIdField


def _list_index(*fields: str, name: str, condition: models.Q | None = None) -> models.Index:
    return models.Index(fields=["user_id", "status", *fields, "id"], name=name, condition=condition)


class Conversation(models.Model):
    user_id = models.CharField(max_length=128)
    character_id = models.CharField(max_length=128)
    character = models.JSONField()
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=16, default="active")
    pinned = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=50), default=list)
    folder_id = ObjectIdField(null=True)
    settings = models.JSONField(default=dict)
    last_activity = models.DateTimeField()
    message_count = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)

    class Meta:  # noqa: D106  # a framework\'s own form
        app_label = "drf"
        db_table = "conversations"
        indexes: ClassVar[list[models.Index]] = [
            _list_index("last_activity", name="by_activity"),
            _list_index("created_at", name="by_created"),
            _list_index("tags", "last_activity", name="by_tag"),
            _list_index("character_id", "last_activity", name="by_character"),
            _list_index("folder_id", "last_activity", name="by_folder"),
            _list_index(
                "pinned", "last_activity", name="by_pinned", condition=models.Q(pinned=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title
