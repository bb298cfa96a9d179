"""`manage.py seed_demo`; that a second run adds nothing is shown in test_from_empty.py."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.query import QuerySet
from pymongo.errors import DuplicateKeyError

from conversations.management.commands import seed_demo
from conversations.repository.database import collection
from conversations.repository.indexes import CONVERSATIONS, WAITING
from integrations.characters import CharactersClient
from integrations.errors import UpstreamUnavailable
from tests.client import ApiClient
from tests.doubles.broker import BrokerDouble


@pytest.fixture
def demo(database: None, user_id: str, monkeypatch: pytest.MonkeyPatch) -> ApiClient:
    """Let the demo data belong to a user of the test's own, and speak for them."""
    monkeypatch.setattr(seed_demo, "DEMO_USER", user_id)
    return ApiClient.for_user(user_id)


def configure(settings: Any, **changes: Any) -> None:
    settings.CONFIG = settings.CONFIG.model_copy(update=changes)


def test_it_creates_conversations_as_the_api_would(demo: ApiClient) -> None:
    """Of all characters, in all states, found by their words, each with its event."""
    call_command("seed_demo", verbosity=0)
    listed = {
        status: demo.get(f"/conversations?status={status}").json["results"]
        for status in ("active", "archived", "deleted", "all")
    }
    assert {status: len(rows) for status, rows in listed.items()} == {
        "active": 8,
        "archived": 2,
        "deleted": 2,
        "all": 12,
    }
    assert {row["character_id"] for row in listed["all"]} == {"ada", "borges", "cervantes"}
    assert listed["active"][0]["title"] == "Ada Lovelace"
    assert demo.titles("?q=que") == ["Qué tal, maestro"]
    assert len(demo.titles("?tag=books")) == 2
    assert len(demo.titles("?pinned=true")) == 2
    for archived in demo.get("/conversations?status=archived").json["results"]:
        history = demo.get(f"/conversations/{archived['id']}/history").json["results"]
        assert [event["event_type"] for event in history] == [
            "conversation.archived",
            "conversation.created",
        ]


def test_its_events_do_not_count_as_overdue(demo: ApiClient, broker: BrokerDouble) -> None:
    """They are of days ago, and published before anyone can ask how old they are."""
    call_command("seed_demo", verbosity=0)
    assert len(broker.of(demo.user_id)) == 16
    assert not collection(CONVERSATIONS).count_documents({"user_id": demo.user_id, **WAITING})


def test_its_ids_are_of_the_time_of_creation(demo: ApiClient) -> None:
    """By an id the admin sorts, filters by days, and counts what was created on a day."""
    call_command("seed_demo", verbosity=0)
    rows = list(collection(CONVERSATIONS).find({"user_id": demo.user_id}))
    assert len({row["created_at"] for row in rows}) == len(rows)
    for row in rows:
        made = row["_id"].generation_time.replace(tzinfo=None)
        assert made == row["created_at"].replace(microsecond=0)


def test_it_leaves_what_the_user_did_alone(demo: ApiClient) -> None:
    """Who has conversations, whatever became of them, gets no more."""
    kept = demo.create(title="The only one")
    demo.delete(kept["id"])
    call_command("seed_demo", verbosity=0)
    assert demo.titles("?status=all") == ["The only one"]


def test_it_makes_an_admin_in_development_only(
    demo: ApiClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a password that everyone knows; who changed it keeps their own."""
    name = f"admin-{demo.user_id}"
    monkeypatch.setattr(seed_demo, "ADMIN", name)
    configure(settings, environment="test")
    call_command("seed_demo", verbosity=0)
    assert not User.objects.filter(username=name).exists()
    configure(settings, environment="development")
    call_command("seed_demo", verbosity=0)
    admin = User.objects.get(username=name)
    assert admin.is_superuser
    assert admin.check_password(name)
    admin.set_password("another")
    admin.save()
    call_command("seed_demo", verbosity=0)
    assert User.objects.get(username=name).check_password("another")


def test_two_at_once_make_one_admin(
    demo: ApiClient, settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The second says so, and quotes nothing of the account."""
    name = f"admin-{demo.user_id}"
    monkeypatch.setattr(seed_demo, "ADMIN", name)
    configure(settings, environment="development")
    User.objects.create_superuser(username=name, password="another")
    # Both have looked before either has written.
    monkeypatch.setattr(QuerySet, "exists", lambda _query: False)
    call_command("seed_demo")
    assert f"The superuser {name} is there already." in capsys.readouterr().out
    monkeypatch.undo()
    assert User.objects.get(username=name).check_password("another")


def test_it_never_says_what_the_database_quotes(
    demo: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver's message may have a whole document in it."""

    def refuse(**_named: Any) -> None:
        raise DuplicateKeyError("E11000 {password: 'hush'}")

    monkeypatch.setattr(seed_demo, "create_conversation", refuse)
    with pytest.raises(CommandError, match=r"the database failed \(DuplicateKeyError\)\.$"):
        call_command("seed_demo", verbosity=0)


def test_it_refuses_in_production(demo: ApiClient, settings: Any) -> None:
    """Nothing is written."""
    configure(settings, environment="production")
    with pytest.raises(CommandError, match="production"):
        call_command("seed_demo", verbosity=0)
    assert demo.titles("?status=all") == []


def test_it_says_in_one_line_that_characters_are_away(
    demo: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Demo conversations have real characters, or are not made."""

    def away(*_arguments: Any, **_named: Any) -> None:
        raise UpstreamUnavailable(upstream="characters", reason="refused")

    monkeypatch.setattr(CharactersClient, "get", away)
    with pytest.raises(CommandError, match="characters: refused"):
        call_command("seed_demo", verbosity=0)
