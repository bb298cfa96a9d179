"""Sorts that an index can serve: nothing is computed before them."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Lower

from conversation_service.mongodb.sorting import index_sorted
from conversations.models import Conversation
from tests.commands import CommandRecorder

pytestmark = pytest.mark.usefixtures("database")


def test_it_sorts_right_after_the_match(commands: CommandRecorder) -> None:
    """The ORM's $addFields of what is there anyway does not reach the server."""
    list(Conversation.objects.filter(user_id="nobody").order_by("-created_at", "-pk")[:5])
    [sent] = commands.sent
    assert [next(iter(stage)) for stage in sent["pipeline"]] == ["$match", "$sort", "$limit"]


def test_it_still_orders_by_what_is_computed() -> None:
    """Only copies go: an ordering by an expression keeps its stage."""
    prefix = uuid.uuid4().hex[:8]
    for name in ("b", "C", "a"):
        User.objects.create_user(f"{prefix}{name}", first_name=name)
    found = User.objects.filter(username__startswith=prefix)
    assert list(found.order_by(Lower("first_name")).values_list("first_name", flat=True)) == [
        "a",
        "b",
        "C",
    ]


def test_it_keeps_stages_that_change_something() -> None:
    """A field set to another field, to a constant, or through a path is no copy."""
    pipeline = [{"$addFields": {"a": "$b", "c": 1, "d.e": "$d.e", "f": "$f"}}]
    assert index_sorted(pipeline) == [{"$addFields": {"a": "$b", "c": 1, "d.e": "$d.e"}}]
