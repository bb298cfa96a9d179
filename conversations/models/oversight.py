"""What the admin has pages for, besides conversations: collections of the repository's, or none.

Their permissions are what Django keeps for them; nothing is written through them.
"""

from typing import ClassVar

from django.db import models
from django_mongodb_backend.fields import ObjectIdAutoField, ObjectIdField

from conversations.models.fields import DocumentField


class Job(models.Model):
    """Work behind a request. `change` is to retry and to cancel."""

    id = ObjectIdAutoField(primary_key=True)
    kind = models.CharField(max_length=50)
    owner = models.CharField(max_length=128)
    state = models.CharField(max_length=20)
    progress = DocumentField()
    errors = DocumentField()
    attempts = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """Stored by repository/jobs.py."""

        db_table = "jobs"
        managed = False
        default_permissions: ClassVar = ("view", "change")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ContentView(models.Model):
    """A member of the staff has seen the content of a conversation."""

    id = ObjectIdAutoField(primary_key=True)
    conversation_id = ObjectIdField()
    actor = models.CharField(max_length=160)
    occasion = models.CharField(max_length=10)
    at = models.DateTimeField()

    class Meta:
        """Stored by repository/content_views.py."""

        db_table = "content_views"
        managed = False
        default_permissions: ClassVar = ("view",)
        verbose_name = "view of content"
        verbose_name_plural = "views of content"

    def __str__(self) -> str:
        return str(self.pk)


class ParkedEvent(models.Model):
    """An event that the broker refused: part of the log. `change` is to send it again."""

    class Meta:
        """Read by services/parked.py."""

        managed = False
        default_permissions: ClassVar = ("view", "change")
        verbose_name = "parked event"

    def __str__(self) -> str:
        return "parked event"


class Breaker(models.Model):
    """A circuit breaker: kept in Redis. `change` is to hold it open and to close it."""

    class Meta:
        """Read by integrations/breakers.py."""

        managed = False
        default_permissions: ClassVar = ("view", "change")
        verbose_name = "circuit breaker"

    def __str__(self) -> str:
        return "circuit breaker"
