"""The conversation list of the admin, and the page of one conversation."""

import re
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId
from django.test import Client
from pymongo.errors import ExecutionTimeout

from conversations.dependencies import utc_now
from conversations.repository import everyone
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.factories import ConversationDocumentFactory
from tests.integration.admin.pages import CONVERSATIONS, detail, page, titles

SECRET = "You are a secret prompt."


def test_it_lists_what_the_api_wrote(api: ApiClient, reader: Client) -> None:
    """Title, user, character, status, count and times; no settings."""
    api.create(title="Windmills", settings={"system_prompt": SECRET})
    html = page(reader, f"{CONVERSATIONS}?user_id={api.user_id}")
    for shown in ("Windmills", api.user_id, "Ada Lovelace (ada)", "active"):
        assert shown in html
    assert SECRET not in html


def test_it_lists_the_newest_first(user_id: str, reader: Client) -> None:
    """Whatever ordering the URL asks for."""
    for number in range(3):
        ConversationDocumentFactory.create(user_id=user_id, title=f"T{number}")
    for query in ("", "&o=1", "&o=-1.2"):
        assert titles(reader, f"?user_id={user_id}{query}") == ["T2", "T1", "T0"]


def test_it_leads_to_the_next_page_where_there_is_one(user_id: str, reader: Client) -> None:
    """From the last page, full as it may be, nothing leads further."""
    next_page = re.compile(r'<a [^>]*href="[^"]*\bp=2\b[^"]*">Next</a>')
    ConversationDocumentFactory.create_batch(50, user_id=user_id)
    assert not next_page.search(page(reader, f"{CONVERSATIONS}?user_id={user_id}"))
    ConversationDocumentFactory.create(user_id=user_id)
    assert next_page.search(page(reader, f"{CONVERSATIONS}?user_id={user_id}"))
    assert len(titles(reader, f"?user_id={user_id}&p=2")) == 1


def test_it_hides_purged_and_expired_conversations(user_id: str, reader: Client) -> None:
    """From the list, and from those who know the id."""
    past = utc_now() - timedelta(minutes=1)
    gone = [
        ConversationDocumentFactory.create(user_id=user_id, status="purged", metadata={}),
        ConversationDocumentFactory.create(user_id=user_id, expires_at=past),
    ]
    later = utc_now() + timedelta(hours=1)
    ConversationDocumentFactory.create(user_id=user_id, title="Still here", expires_at=later)
    assert titles(reader, f"?user_id={user_id}") == ["Still here"]
    for stored in gone:
        assert reader.get(detail(stored)).status_code == 302


def test_it_filters_by_status(user_id: str, reader: Client) -> None:
    """One status at a time; all of them by default."""
    ConversationDocumentFactory.create(user_id=user_id, title="Daily")
    ConversationDocumentFactory.create(user_id=user_id, title="Kept", archived=True)
    ConversationDocumentFactory.create(user_id=user_id, title="Thrown away", trashed=True)
    query = f"?user_id={user_id}"
    assert titles(reader, query) == ["Thrown away", "Kept", "Daily"]
    assert titles(reader, f"{query}&status=active") == ["Daily"]
    assert titles(reader, f"{query}&status=archived") == ["Kept"]
    assert titles(reader, f"{query}&status=deleted") == ["Thrown away"]


def test_it_filters_by_character_tag_and_days(user_id: str, reader: Client) -> None:
    """Alone and together; both days are included."""
    yesterday = utc_now() - timedelta(days=1)
    ConversationDocumentFactory.create(user_id=user_id, title="Engine", tags=["books"])
    ConversationDocumentFactory.create(user_id=user_id, title="Labyrinth", character_id="borges")
    ConversationDocumentFactory.create(
        user_id=user_id, title="Old", _id=ObjectId.from_datetime(yesterday), tags=["books"]
    )
    query = f"?user_id={user_id}"
    assert titles(reader, f"{query}&character_id=borges") == ["Labyrinth"]
    assert titles(reader, f"{query}&tag=books") == ["Engine", "Old"]
    assert titles(reader, f"{query}&created_at_to={yesterday:%Y-%m-%d}") == ["Old"]
    today = f"&created_at_from={utc_now():%Y-%m-%d}"
    assert titles(reader, f"{query}&tag=books{today}&status=active") == ["Engine"]


def test_it_searches_by_ids_and_by_words_of_a_user(user_id: str, reader: Client) -> None:
    """Each word begins one of title, tags or character, without case and accents."""
    first = ConversationDocumentFactory.create(user_id=user_id, title="Qué tal", tags=["books"])
    ConversationDocumentFactory.create(user_id=user_id, title="Tal vez")
    assert titles(reader, f"?q={user_id}") == ["Tal vez", "Qué tal"]
    assert titles(reader, f"?q={first['_id']}") == ["Qué tal"]
    assert titles(reader, f"?q={user_id}+QUE+boo") == ["Qué tal"]
    assert titles(reader, f"?user_id={user_id}&q=ta") == ["Tal vez", "Qué tal"]
    assert titles(reader, f"?q=nobody-{user_id}") == []


def test_it_finds_a_user_whose_id_looks_like_a_conversations(reader: Client) -> None:
    """Other services use ids of the same kind."""
    user_id = str(ObjectId())
    ConversationDocumentFactory.create(user_id=user_id, title="Mine")
    assert titles(reader, f"?q={user_id}") == ["Mine"]


def test_it_reads_a_page_at_a_time_and_counts_nothing(
    user_id: str, reader: Client, commands: CommandRecorder
) -> None:
    """Ids by a plain query in the order of an index, then the rows by them: examined, and shown."""
    for number in range(53):
        ConversationDocumentFactory.create(user_id=user_id, title=f"{number:02}")
    commands.forget()
    assert titles(reader, f"?user_id={user_id}") == [f"{n:02}" for n in range(52, 2, -1)]
    found, examined = [it for it in commands.sent if it.get("find") == "conversations"]
    assert (found["filter"], found["sort"]) == ({"user_id": user_id}, {"_id": -1})
    assert list(examined["filter"]) == ["_id"]
    [rows] = [it for it in commands.sent if it.get("aggregate") == "conversations"]
    [[match]] = [list(stage.values()) for stage in rows["pipeline"]]
    assert list(match) == ["_id"]
    assert titles(reader, f"?user_id={user_id}&p=2") == ["02", "01", "00"]


def test_it_looks_for_the_newest_of_all_first(
    user_id: str, reader: Client, commands: CommandRecorder
) -> None:
    """A stretch of time that has a page of them is the last that is read."""
    for number in range(50):
        ConversationDocumentFactory.create(user_id=user_id, title=f"{number:02}")
    commands.forget()
    titles(reader, "?status=active")
    found, _ = [it for it in commands.sent if it.get("find") == "conversations"]
    assert found["filter"]["status"] == "active"
    age = utc_now() - found["filter"]["_id"]["$gte"].generation_time.replace(tzinfo=None)
    assert age < timedelta(minutes=5)


def test_it_gives_up_a_list_that_takes_too_long(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty page with a hint, instead of an error."""

    def take_too_long(*_: Any, **__: Any) -> None:
        raise ExecutionTimeout("as a test wants it")

    monkeypatch.setattr(everyone, "newest", take_too_long)
    assert "Name the user" in page(reader, f"{CONVERSATIONS}?q=anything")


@pytest.mark.parametrize("query", ["?status=nonsense", "?created_at_from=3000-01-01", "?tag=books"])
def test_it_refuses_filters_that_cannot_be(reader: Client, query: str) -> None:
    """A tag needs a user: no index serves everybody's."""
    answer = reader.get(CONVERSATIONS + query)
    assert (answer.status_code, answer["Location"]) == (302, f"{CONVERSATIONS}?e=1")


@pytest.mark.parametrize(
    "query", ["?user_id__regex=.*", "?metadata__last_activity=1", "?title_sort=x"]
)
def test_it_takes_no_other_filter_from_the_url(reader: Client, query: str) -> None:
    """A pattern of the caller's choice could keep the database busy."""
    assert reader.get(CONVERSATIONS + query).status_code == 400


def test_it_shows_one_conversation_with_its_settings(user_id: str, reader: Client) -> None:
    """The prompt is there to be read; nothing can be edited, and internals stay inside."""
    stored = ConversationDocumentFactory.create(
        user_id=user_id,
        tags=["books", "español"],
        settings={"language": "es", "system_prompt": f"{SECRET}\n<b>Second</b> line"},
        pending_events=[{"event_id": "pending-event-id"}],
    )
    html = page(reader, detail(stored))
    for shown in (stored["title"], user_id, "books, español", SECRET, "&lt;b&gt;Second&lt;/b&gt;"):
        assert shown in html
    for hidden in ("pending-event-id", "search_terms", "title_sort", 'name="_save"'):
        assert hidden not in html


def test_it_changes_and_deletes_nothing(user_id: str, superuser: Client, api: ApiClient) -> None:
    """Not even for a superuser: changes go through the services, which leave events."""
    created = api.create(title="Mine")
    url = f"{CONVERSATIONS}{created['id']}"
    assert superuser.post(f"{url}/change/", {"title": "Yours"}).status_code == 403
    assert superuser.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    assert superuser.get(f"{CONVERSATIONS}add/").status_code == 403
    assert api.read(created["id"]) == created


def test_it_answers_calmly_to_a_malformed_id(reader: Client) -> None:
    """As to an unknown one: back to the index."""
    for unknown in ("nonsense", "f" * 24):
        assert reader.get(f"{CONVERSATIONS}{unknown}/change/").status_code == 302


def test_it_shows_the_history_on_the_page(reader: Client, api: ApiClient) -> None:
    """The newest first, with who made each change and what it is now; more by pages."""
    created = api.create(title="First")
    for number in range(21):
        api.patch(created["id"], {"title": f"Title {number}"})
    url = f"{CONVERSATIONS}{created['id']}/change/"
    assert reader.get(url.replace("/change/", "/history/"))["Location"] == f"{url}#history"
    html = page(reader, url)
    assert re.findall(r'data-event="([a-z.]+)"', html) == ["conversation.updated"] * 20
    assert "title → Title 20" in html
    assert f"by {api.user_id}" in html
    assert "?before=3#history" in html
    older = page(reader, f"{url}?before=3")
    assert re.findall(r'data-event="([a-z.]+)"', older) == [
        "conversation.updated",
        "conversation.created",
    ]
