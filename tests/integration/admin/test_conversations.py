"""The conversation list of the admin, and the page of one conversation."""

from datetime import timedelta

import pytest
from django.test import Client

from conversations.admin import conversations as conversations_admin
from conversations.dependencies import utc_now
from tests.client import ApiClient
from tests.commands import CommandRecorder
from tests.factories import ConversationDocumentFactory
from tests.integration.admin.pages import CONVERSATIONS, detail, page, titles

SECRET = "You are a secret prompt."


def test_it_lists_what_the_api_wrote(api: ApiClient, viewer: Client) -> None:
    """Title, user, character, status, count and times; no settings."""
    api.create(title="Windmills", settings={"system_prompt": SECRET})
    html = page(viewer, f"{CONVERSATIONS}?user_id={api.user_id}")
    for shown in ("Windmills", api.user_id, "Ada Lovelace (ada)", "active"):
        assert shown in html
    assert SECRET not in html


def test_it_lists_the_newest_first(user_id: str, viewer: Client) -> None:
    """Whatever ordering the URL asks for."""
    for number in range(3):
        ConversationDocumentFactory.create(user_id=user_id, title=f"T{number}")
    for query in ("", "&o=1", "&o=-1.2"):
        assert titles(viewer, f"?user_id={user_id}{query}") == ["T2", "T1", "T0"]


def test_it_hides_purged_and_expired_conversations(user_id: str, viewer: Client) -> None:
    """From the list, and from those who know the id."""
    past = utc_now() - timedelta(minutes=1)
    gone = [
        ConversationDocumentFactory.create(user_id=user_id, status="purged", metadata={}),
        ConversationDocumentFactory.create(user_id=user_id, expires_at=past),
    ]
    later = utc_now() + timedelta(hours=1)
    ConversationDocumentFactory.create(user_id=user_id, title="Still here", expires_at=later)
    assert titles(viewer, f"?user_id={user_id}") == ["Still here"]
    for stored in gone:
        assert viewer.get(detail(stored)).status_code == 302


def test_it_filters_by_status(user_id: str, viewer: Client) -> None:
    """One status at a time; all of them by default."""
    ConversationDocumentFactory.create(user_id=user_id, title="Daily")
    ConversationDocumentFactory.create(user_id=user_id, title="Kept", archived=True)
    ConversationDocumentFactory.create(user_id=user_id, title="Thrown away", trashed=True)
    query = f"?user_id={user_id}"
    assert titles(viewer, query) == ["Thrown away", "Kept", "Daily"]
    assert titles(viewer, f"{query}&status=active") == ["Daily"]
    assert titles(viewer, f"{query}&status=archived") == ["Kept"]
    assert titles(viewer, f"{query}&status=deleted") == ["Thrown away"]


def test_it_searches_by_user_title_and_id(user_id: str, viewer: Client) -> None:
    """A title by how it begins, without case and accents."""
    first = ConversationDocumentFactory.create(user_id=user_id, title=f"Qué tal {user_id}")
    ConversationDocumentFactory.create(user_id=user_id, title=f"Tal vez {user_id}")
    assert titles(viewer, f"?q={user_id}") == [f"Tal vez {user_id}", f"Qué tal {user_id}"]
    assert titles(viewer, f"?q=QUE+tal+{user_id}") == [f"Qué tal {user_id}"]
    assert titles(viewer, f"?q={first['_id']}") == [f"Qué tal {user_id}"]
    assert titles(viewer, f"?user_id={user_id}&q=tal") == [f"Tal vez {user_id}"]
    assert titles(viewer, f"?q=no+such+title+{user_id}") == []


def test_it_reads_a_page_at_a_time_and_counts_nothing(
    user_id: str, viewer: Client, commands: CommandRecorder
) -> None:
    """One query of the collection, sorted by its primary key, up to the page's length."""
    for number in range(53):
        ConversationDocumentFactory.create(user_id=user_id, title=f"{number:02}")
    commands.forget()
    assert titles(viewer, f"?user_id={user_id}") == [f"{n:02}" for n in range(52, 2, -1)]
    [sent] = [it for it in commands.sent if it.get("aggregate") == "conversations"]
    match, *rest = sent["pipeline"]
    assert list(match) == ["$match"]
    assert rest == [{"$sort": {"_id": -1}}, {"$limit": 50}]
    assert titles(viewer, f"?user_id={user_id}&p=2") == ["02", "01", "00"]


def test_it_gives_up_a_search_that_takes_too_long(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back to the list, with a hint, instead of an error."""
    with monkeypatch.context() as patch:
        patch.setattr(conversations_admin, "TIME_LIMIT", 0.000_001)
        answer = viewer.get(f"{CONVERSATIONS}?q=anything")
    assert (answer.status_code, answer["Location"]) == (302, CONVERSATIONS)
    assert "name the user" in page(viewer, CONVERSATIONS)


@pytest.mark.parametrize(
    "query", ["?user_id__regex=.*", "?metadata__last_activity=1", "?title_sort=x"]
)
def test_it_takes_no_other_filter_from_the_url(viewer: Client, query: str) -> None:
    """A pattern of the caller's choice could keep the database busy."""
    assert viewer.get(CONVERSATIONS + query).status_code == 400


def test_it_shows_one_conversation_with_its_settings(user_id: str, viewer: Client) -> None:
    """The prompt is there to be read; nothing can be edited, and internals stay inside."""
    stored = ConversationDocumentFactory.create(
        user_id=user_id,
        tags=["books", "español"],
        settings={"language": "es", "system_prompt": f"{SECRET}\n<b>Second</b> line"},
        pending_events=[{"event_id": "pending-event-id"}],
    )
    html = page(viewer, detail(stored))
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


def test_it_answers_calmly_to_a_malformed_id(viewer: Client) -> None:
    """As to an unknown one: back to the index."""
    for unknown in ("nonsense", "f" * 24):
        assert viewer.get(f"{CONVERSATIONS}{unknown}/change/").status_code == 302


def test_it_shows_the_empty_history_of_a_conversation(user_id: str, viewer: Client) -> None:
    """The admin's own log, which is not the conversation's."""
    stored = ConversationDocumentFactory.create(user_id=user_id)
    page(viewer, detail(stored).replace("/change/", "/history/"))
