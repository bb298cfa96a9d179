"""`manage.py seed_demo`: an admin to log in with, and conversations to look at."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from bson import ObjectId
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError
from pymongo.errors import PyMongoError

from conversations import dependencies
from conversations.caller import Caller
from conversations.document import partition_of
from conversations.errors import ConversationError
from conversations.management.demo import DEMO_USER, SAMPLES, Sample
from conversations.management.teaching import ServerAway, TeachingCommand, kind_of
from conversations.repository.queries import Filters, Ordering, SortField
from conversations.services.archive import archive_conversation
from conversations.services.create import Draft, create_conversation
from conversations.services.outbox import deliver
from conversations.services.read import list_by_offset
from conversations.services.trash import delete_conversation
from conversations.states import Status
from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline

ADMIN = "admin"
TIME_LIMIT = 60.0  # seconds for all of it
DELIVERY_LIMIT = 5.0  # seconds; what is not published then is left to the workers

MOVES = {Status.ARCHIVED: archive_conversation, Status.DELETED: delete_conversation}


DESCRIPTION = f"""\
Create the superuser {ADMIN}/{ADMIN} (in development only) and a dozen conversations of the user
{DEMO_USER}, through the same services as requests: with events, and characters asked for at the
Characters Service. What is there already stays as it is. Refuses in production.
"""
EXAMPLES = f"""\
examples:
  manage.py seed_demo                  with `make run` going, or after `migrate` and `setup_indexes`
  manage.py issue_token {DEMO_USER}           then: a token with which to see them
"""


class Command(TeachingCommand):
    """Fill an empty development database."""

    help = "Create an admin to log in with (in development) and conversations to look at."
    description = DESCRIPTION
    examples = EXAMPLES

    def handle(self, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Run the command; raises CommandError, which exits with 1."""
        if settings.CONFIG.is_production:
            raise CommandError("Demo data has no place in production.")
        try:
            if settings.CONFIG.environment == "development":
                self._seed_admin()
            self._seed_conversations()
        except (ConversationError, UpstreamUnavailable) as error:
            raise CommandError(f"Demo data: {error}") from None
        except (PyMongoError, DatabaseError) as error:
            raise ServerAway(f"Demo data: the database failed ({kind_of(error)}).") from None

    def _seed_admin(self) -> None:
        if User.objects.filter(username=ADMIN).exists():
            return
        try:
            User.objects.create_superuser(username=ADMIN, password=ADMIN)
        except IntegrityError:
            self.stdout.write(f"The superuser {ADMIN} is there already.")
            return
        self.stdout.write(f"Created the superuser {ADMIN}/{ADMIN}.")

    def _seed_conversations(self) -> None:
        caller = Caller(
            actor=DEMO_USER,
            owner=DEMO_USER,
            trace_id=uuid4().hex,
            deadline=Deadline.after(TIME_LIMIT),
        )
        now = dependencies.get().clock()
        if _has_conversations(caller=caller, now=now):
            self.stdout.write(f"{DEMO_USER} has conversations already.")
            return
        for sample in reversed(SAMPLES):  # the oldest first: ids grow with time
            _seed(sample, caller=caller, now=now)
        self.stdout.write(f"Created {len(SAMPLES)} conversations of {DEMO_USER}.")
        # They are of days ago: left to the workers, they would count as long overdue till then.
        deliver(partition_of(DEMO_USER), seconds=DELIVERY_LIMIT)


def _has_conversations(*, caller: Caller, now: datetime) -> bool:
    _, count = list_by_offset(
        filters=Filters(user_id=caller.owner, status=None),
        ordering=Ordering(field=SortField.CREATED_AT, descending=True),
        offset=0,
        limit=1,
        full=False,
        caller=caller,
        now=now,
    )
    return count > 0


def _seed(sample: Sample, *, caller: Caller, now: datetime) -> None:
    created_at = now - sample.age
    draft = Draft(
        character_id=sample.character_id,
        title=sample.title,
        tags=list(sample.tags),
        settings=_settings(sample),
        pinned=sample.pinned,
    )
    created = create_conversation(
        draft=draft, caller=caller, now=created_at, conversation_id=_id_of(created_at)
    )
    if sample.status in MOVES:
        _move(created.document["_id"], to=sample.status, caller=caller, now=created_at)


def _id_of(moment: datetime) -> ObjectId:
    """Return a new id as if made then: by an id's time the admin sorts, filters and counts days."""
    return ObjectId(ObjectId.from_datetime(moment).binary[:4] + ObjectId().binary[4:])


def _settings(sample: Sample) -> dict[str, Any]:
    settings_of = {"language": sample.language, "system_prompt": sample.system_prompt}
    return {name: value for name, value in settings_of.items() if value is not None}


def _move(conversation_id: ObjectId, *, to: Status, caller: Caller, now: datetime) -> None:
    move = MOVES[to]
    move(conversation_id=conversation_id, expected_versions=None, caller=caller, now=now)
