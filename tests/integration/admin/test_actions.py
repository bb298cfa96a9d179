"""What staff do with conversations: by the services, told of one by one, in their own name."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from conversations.dependencies import utc_now
from tests.client import ApiClient
from tests.factories import ConversationDocumentFactory
from tests.integration.admin.pages import CONVERSATIONS, page
from tests.integration.data_migrations.former import import_documents, old_document


@pytest.fixture
def operator(staff_of: Callable[..., Client]) -> Client:
    """Log in who may do everything with conversations but see their content."""
    return staff_of("view_conversation", "change_conversation", "delete_conversation")


def act(browser: Client, action: str, *ids: str, **more: str) -> list[str]:
    """Send the list's form; returns the messages that come of it."""
    answer = browser.post(
        CONVERSATIONS, {"action": action, "_selected_action": ids, "index": "0", **more}
    )
    assert answer.status_code == 302, answer.content
    return [str(message) for message in get_messages(answer.wsgi_request)]


def events(api: ApiClient, conversation_id: str) -> list[dict[str, Any]]:
    """Return the events of a conversation, the newest first."""
    answer = api.send("GET", f"/conversations/{conversation_id}/history")
    found: list[dict[str, Any]] = answer.json["results"]
    return found


def test_it_archives_in_the_name_of_the_admin(api: ApiClient, operator: Client, name: str) -> None:
    """As a caller would: a version, an event, and who did it."""
    created = api.create()
    assert act(operator, "archive", created["id"]) == [f"Archived: {created['id']}"]
    assert api.read(created["id"])["status"] == "archived"
    archived, _ = events(api, created["id"])
    assert archived["event_type"] == "conversation.archived"
    assert archived["actor"] == f"admin:staff-{name}"
    assert archived["sequence"] == created["version"] + 1
    assert archived["user_id"] == api.user_id


def test_it_tells_what_came_of_each(api: ApiClient, operator: Client) -> None:
    """Done, unchanged, in conflict and gone, in one sending; the rest is done all the same."""
    active, archived, trashed = (api.create()["id"] for _ in range(3))
    api.send("POST", f"/conversations/{archived}/archive")
    api.send("DELETE", f"/conversations/{trashed}")
    told = act(operator, "archive", trashed, "f" * 24, archived, active)
    assert sorted(told) == [
        f"Archived: {active}",
        f"Cannot archive a conversation that is in the trash: {trashed}",
        f"Not there any more: {'f' * 24}",
        f"Unchanged, it was so already: {archived}",
    ]
    assert api.read(active)["status"] == "archived"
    assert len(events(api, archived)) == 2


def test_it_restores_from_the_trash(api: ApiClient, operator: Client) -> None:
    """To where the conversation was."""
    created = api.create()["id"]
    api.send("DELETE", f"/conversations/{created}")
    act(operator, "restore", created)
    assert api.read(created)["status"] == "active"


def test_it_purges_only_once_confirmed(api: ApiClient, operator: Client, name: str) -> None:
    """First a page that names what will go; nothing has changed until its form is sent."""
    created = api.create(title="Precious")
    form = {"action": "purge", "_selected_action": [created["id"]], "index": "0"}
    html = operator.post(CONVERSATIONS, form).content.decode()
    assert created["id"] in html
    assert "Yes, purge" in html
    assert api.read(created["id"]) == created
    assert act(operator, "purge", created["id"], post="yes") == [f"Purged: {created['id']}"]
    assert api.send("GET", f"/conversations/{created['id']}").status == 404
    feed = api.send("GET", "/events").json["results"]
    assert feed[-1]["event_type"] == "conversation.purged"
    assert feed[-1]["actor"] == f"admin:staff-{name}"


@pytest.mark.parametrize("action", ["archive", "restore", "purge", "export"])
def test_it_offers_nothing_to_those_who_may_only_look(
    api: ApiClient, viewer: Client, action: str
) -> None:
    """Neither a button nor the deed."""
    created = api.create()
    assert f'value="{action}"' not in page(viewer, f"{CONVERSATIONS}?user_id={api.user_id}")
    viewer.post(
        CONVERSATIONS, {"action": action, "_selected_action": [created["id"]], "post": "yes"}
    )
    assert api.read(created["id"]) == created


def test_it_offers_on_a_page_what_its_status_allows(
    api: ApiClient, staff_of: Callable[..., Client]
) -> None:
    """Archiving what is in the trash would be a conflict; the list offers all, for any rows."""
    created = api.create()["id"]
    browser = staff_of("change_conversation", "delete_conversation", "view_conversation_content")

    def offered() -> list[str]:
        html = page(browser, f"{CONVERSATIONS}{created}/change/")
        return re.findall(r'name="action" value="(\w+)"', html)

    assert offered() == ["archive", "purge", "export"]
    api.send("POST", f"/conversations/{created}/archive")
    assert offered() == ["purge", "export"]
    api.send("DELETE", f"/conversations/{created}")
    assert offered() == ["restore", "purge", "export"]
    html = page(browser, f"{CONVERSATIONS}?user_id={api.user_id}")
    for action in ("archive", "restore", "purge", "export"):
        assert f'<option value="{action}"' in html


def test_it_lets_an_editor_archive_but_neither_purge_nor_export(
    api: ApiClient, staff_of: Callable[..., Client]
) -> None:
    """Each permission opens what it names."""
    created = api.create()["id"]
    editor = staff_of("change_conversation")
    html = page(editor, f"{CONVERSATIONS}{created}/change/")
    assert 'value="archive"' in html
    assert 'value="purge"' not in html
    assert 'value="export"' not in html


def test_it_acts_on_no_row_that_nobody_has_selected(api: ApiClient, operator: Client) -> None:
    """The list has no end: all of it cannot have been meant."""
    created = api.create()
    told = act(operator, "archive", created["id"], select_across="1")
    assert told == ["Only selected conversations can be acted on."]
    assert api.read(created["id"]) == created


def test_it_comes_back_to_the_page_that_an_action_was_sent_from(
    api: ApiClient, operator: Client
) -> None:
    """Where the event is the first of the history then."""
    created = api.create()["id"]
    form = {"action": "archive", "_selected_action": [created], "index": "0", "back": created}
    answer = operator.post(CONVERSATIONS, form, follow=True)
    assert answer.redirect_chain == [(f"{CONVERSATIONS}{created}/change/", 302)]
    html = answer.content.decode()
    assert html.index("conversation.archived") < html.index("conversation.created")


def test_it_asks_about_nothing_that_nobody_can_see(
    api: ApiClient, user_id: str, operator: Client
) -> None:
    """What waits for its migration, has expired or is purged is not there, whoever knows its id."""
    unmigrated = old_document(user_id)
    import_documents(unmigrated)
    past = utc_now() - timedelta(minutes=1)
    expired = ConversationDocumentFactory.create(user_id=user_id, expires_at=past)
    unseen = [str(each["_id"]) for each in (unmigrated, expired)]
    for action in ("purge", "archive"):
        *_, told = act(operator, action, *unseen)
        assert told == f"Not there any more: {', '.join(unseen)}"
    there = api.create()["id"]
    form = {"action": "purge", "_selected_action": [*unseen, there], "index": "0"}
    html = operator.post(CONVERSATIONS, form).content.decode()
    selected = re.findall(r'name="_selected_action" value="(\w+)"', html)
    assert selected == [there]


def test_leaving_them_leads_back_to_where_a_purge_was_asked_for(
    api: ApiClient, operator: Client
) -> None:
    """The page of the conversation, or the list as it was narrowed."""
    created = api.create()["id"]
    form = {"action": "purge", "_selected_action": [created], "index": "0"}
    narrowed = f"{CONVERSATIONS}?user_id={api.user_id}"
    for url, more, back in (
        (CONVERSATIONS, {"back": created}, f"{CONVERSATIONS}{created}/change/"),
        (narrowed, {}, narrowed),
    ):
        html = operator.post(url, {**form, **more}).content.decode()
        assert re.findall(r'<a href="([^"]*)"[^>]*>\s*No, leave them', html) == [back]


def test_it_refuses_a_malformed_selection(operator: Client) -> None:
    """Nothing is looked for."""
    form = {"action": "archive", "_selected_action": ["nonsense"], "index": "0"}
    assert operator.post(CONVERSATIONS, form).status_code == 400
