"""The conversation as the ORM sees it: for the admin and the shell.

The API reads and writes the same collection through `conversations.repository`. One document is
one conversation; docs/document.md tells what each field is for.
"""

from typing import ClassVar

from django.db import models
from django_mongodb_backend.fields import ArrayField, ObjectIdAutoField

from conversations.models.fields import DocumentField
from conversations.states import Status


class Conversation(models.Model):
    """One conversation of a user with a character."""

    id = ObjectIdAutoField(primary_key=True)
    user_id = models.CharField(max_length=128)
    character_id = models.CharField(max_length=128)
    character = DocumentField(default=dict)
    title = models.CharField(max_length=200)
    title_source = models.CharField(max_length=10)
    title_sort = models.CharField(max_length=1000)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Status])
    pinned = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=50), default=list)
    folder_id = models.CharField(max_length=24, null=True)  # noqa: DJ001  # null is "in no folder"
    settings = DocumentField(default=dict)
    metadata = DocumentField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    activity_rev = models.PositiveIntegerField(default=0)
    partition = models.PositiveSmallIntegerField()

    class Meta:
        """Indexes are declared in repository/indexes.py, all in one place."""

        db_table = "conversations"
        default_permissions: ClassVar = ("view", "change", "delete")
        permissions: ClassVar = [
            ("view_conversation_content", "Can view titles, tags and settings of conversations")
        ]

    def __str__(self) -> str:
        return str(self.pk)  # no content: this goes into page titles and Django's own log
