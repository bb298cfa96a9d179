"""What conversations say: who of the staff sees it, and the record of each view."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from bson import ObjectId
from django.test import Client

from conversations.repository.database import collection
from tests.client import ApiClient
from tests.integration.admin.pages import CONVERSATIONS, page

SECRETS = ("Secret title", "secret-tag", "Secret prompt")


@pytest.fixture
def conversation(api: ApiClient) -> str:
    """Return the id of a conversation that says something."""
    created = api.create(
        title="Secret title", tags=["secret-tag"], settings={"system_prompt": "Secret prompt"}
    )
    api.patch(created["id"], {"title": "Secret title, changed"})
    return str(created["id"])


def views(conversation_id: str) -> list[tuple[str, str]]:
    """Return who has seen the content, and how."""
    rows = collection("content_views").find({"conversation_id": ObjectId(conversation_id)})
    return sorted((row["actor"], row["occasion"]) for row in rows)


def change(conversation_id: str) -> str:
    return f"{CONVERSATIONS}{conversation_id}/change/"


def test_it_hides_content_from_staff_without_the_permission(
    api: ApiClient, viewer: Client, conversation: str
) -> None:
    """On the list, the page and in the history, which still says what changed."""
    for url in (f"{CONVERSATIONS}?user_id={api.user_id}", change(conversation)):
        html = page(viewer, url)
        assert conversation in html
        for secret in SECRETS:
            assert secret not in html
    assert "changed:" in page(viewer, change(conversation))
    assert views(conversation) == []


@pytest.mark.parametrize("query", ["?q={user_id}+secret", "?user_id={user_id}&tag=secret-tag"])
def test_it_lets_nobody_guess_content_by_searching(
    api: ApiClient, viewer: Client, conversation: str, query: str
) -> None:
    """Words and tags find nothing for those who may not see them."""
    answer = viewer.get(CONVERSATIONS + query.format(user_id=api.user_id))
    assert (answer.status_code, answer["Location"]) == (302, f"{CONVERSATIONS}?e=1")


def test_it_records_each_view_of_content(
    api: ApiClient, reader: Client, name: str, conversation: str
) -> None:
    """A title on the list, all of it on the page."""
    assert SECRETS[0] in page(reader, f"{CONVERSATIONS}?user_id={api.user_id}")
    assert views(conversation) == [(f"admin:staff-{name}", "list")]
    html = page(reader, change(conversation))
    for secret in SECRETS:
        assert secret in html
    assert views(conversation) == [(f"admin:staff-{name}", "list"), (f"admin:staff-{name}", "page")]


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE"])
def test_it_records_a_view_however_it_is_asked_for(
    reader: Client, name: str, conversation: str, method: str
) -> None:
    """Django answers any method but POST with the page."""
    answer = reader.generic(method, change(conversation))
    assert SECRETS[0] in answer.content.decode()
    assert views(conversation) == [(f"admin:staff-{name}", "page")]


def test_it_shows_no_content_that_it_cannot_record(
    reader: Client, conversation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather an error than an unrecorded view."""

    def fail(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("conversations.repository.content_views.insert", fail)
    reader.raise_request_exception = False
    answer = reader.get(change(conversation))
    assert answer.status_code == 500
    assert SECRETS[0] not in answer.content.decode()


def test_it_shows_the_record_to_staff_who_may_see_it(
    reader: Client, superuser: Client, name: str, conversation: str
) -> None:
    """Found by the conversation and by who looked; nobody can add to it or change it."""
    page(reader, change(conversation))
    record = "/admin/conversations/contentview/"
    for query in (conversation, f"staff-{name}", f"admin:staff-{name}"):
        html = page(superuser, f"{record}?q={query}")
        assert conversation in html
        assert f"admin:staff-{name}" in html
    assert conversation not in page(superuser, f"{record}?q=somebody-else")
    assert superuser.get(f"{record}add/").status_code == 403
    assert reader.get(record).status_code == 403


def test_it_exports_what_is_selected_and_records_that(
    staff_of: Callable[..., Client], name: str, conversation: str
) -> None:
    """One JSON object on each line, and an end that tells whether it is whole."""
    browser = staff_of("view_conversation", "view_conversation_content")
    answer = browser.post(
        CONVERSATIONS, {"action": "export", "_selected_action": [conversation], "index": "0"}
    )
    assert answer["Content-Type"] == "application/x-ndjson"
    header, exported, end = [json.loads(line) for line in answer.content.splitlines()]
    assert header["type"] == "header"
    assert (exported["id"], exported["title"]) == (conversation, "Secret title, changed")
    assert end == {"type": "end", "count": 1}
    assert (f"admin:staff-{name}", "export") in views(conversation)
