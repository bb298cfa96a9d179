"""Documents that others have put beside this service's: left out by name, and harming no page."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from bson import ObjectId
from django.contrib.messages import get_messages
from django.test import Client

from conversations.admin import dashboard
from conversations.dependencies import utc_now
from conversations.repository.database import Document, collection
from tests.factories import ConversationDocumentFactory
from tests.integration.admin.pages import CONVERSATIONS, page, titles
from tests.integration.data_migrations.former import old_document

LEFT_OUT = "1 malformed left out"


@pytest.fixture
def put(user_id: str) -> Iterator[Callable[..., Any]]:
    """Return what puts a document of the test's user into the collection, until its end."""
    put_in: list[Any] = []

    def store(document: Document) -> Any:
        put_in.append(document["_id"])
        collection("conversations").insert_one(document)
        return document["_id"]

    yield store
    for each in put_in:
        collection("conversations").delete_one({"_id": each})


def broken(user_id: str, field: str, value: Any) -> Document:
    """Return a conversation of which one field is not as the service writes it."""
    document = ConversationDocumentFactory.build(user_id=user_id)
    inner, _, name = field.partition(".")
    if name:
        return {**document, inner: {**document[inner], name: value}}
    return {**document, field: value}


ODD = [
    ("version", "3"),
    ("status", None),
    ("status", "lost"),
    ("character", None),
    ("metadata", None),
    ("metadata.last_activity", 1.7e9),
    ("metadata.message_count", "12"),
    ("title", None),
    ("tags", "books"),
    ("tags", [None]),
    ("settings", []),
    ("pinned", "yes"),
    ("version", None),
    ("created_at", "2024"),
    ("expires_at", "2024"),
]


def told_of(browser: Client, odd_id: Any) -> str:
    """Return what an odd one's own page says, which is no page: it leads to the list."""
    answer = browser.get(f"{CONVERSATIONS}{odd_id}/change/")
    assert (answer.status_code, answer.get("Location")) == (302, CONVERSATIONS)
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


@pytest.mark.parametrize(("field", "value"), ODD)
def test_a_malformed_one_is_left_out_and_named(
    user_id: str, reader: Client, put: Callable[..., Any], field: str, value: Any
) -> None:
    """The list shows the others, its own page leads to the list; both say which and why."""
    ConversationDocumentFactory.create(user_id=user_id, title="Sound")
    odd = put(broken(user_id, field, value))
    assert titles(reader, f"?user_id={user_id}") == ["Sound"]
    for said in (page(reader, f"{CONVERSATIONS}?user_id={user_id}"), told_of(reader, odd)):
        assert LEFT_OUT in said
        assert f"{odd} ({field}" in said  # or a part of it


@pytest.mark.parametrize(
    "query", ["?user_id={user_id}", "", "?status=active", "?created_at_from={day}"]
)
def test_one_of_the_former_service_with_a_partition_breaks_no_list(
    user_id: str, reader: Client, put: Callable[..., Any], query: str
) -> None:
    """However it is narrowed; without a partition it would wait unseen."""
    odd = put(old_document(user_id, partition=3, metadata=None))
    asked = query.format(user_id=user_id, day=f"{utc_now():%Y-%m-%d}")
    assert f"{odd} (version)" in page(reader, CONVERSATIONS + asked)


def test_an_id_that_is_none_is_left_out_and_named(
    user_id: str, reader: Client, put: Callable[..., Any]
) -> None:
    """Whatever it is, among sound ones and those of all statuses; also on a page of its own."""
    sound = [ConversationDocumentFactory.create(user_id=user_id, title=title) for title in "ab"]
    ConversationDocumentFactory.create(user_id=user_id, title="c", archived=True)
    odd_ids = ["h-1", 7, datetime(2026, 1, 2), {"of": "mine"}]  # noqa: DTZ001  # as stored
    for odd_id in odd_ids:
        put({**sound[0], "_id": odd_id})
    assert titles(reader, f"?user_id={user_id}") == ["c", "b", "a"]
    assert page(reader, f"{CONVERSATIONS}?user_id={user_id}").count("(_id)") == len(odd_ids)
    page(reader, f"{CONVERSATIONS}?character_id=ada")
    page(reader, f"{CONVERSATIONS}?created_at_to={utc_now():%Y-%m-%d}")
    for odd_id in odd_ids:
        assert reader.get(f"{CONVERSATIONS}{odd_id}/change/").status_code == 302


def test_a_page_of_odd_ones_has_a_next(
    user_id: str, reader: Client, put: Callable[..., Any]
) -> None:
    """Else the sound ones behind it would be out of reach."""
    ConversationDocumentFactory.create(user_id=user_id, title="Sound")
    for _ in range(50):
        put(broken(user_id, "version", "3"))
    query = f"?user_id={user_id}"
    html = page(reader, CONVERSATIONS + query)
    assert "50 malformed left out" in html
    assert "p=2" in html
    assert titles(reader, f"{query}&p=2") == ["Sound"]


@pytest.mark.parametrize("action", ["archive", "restore", "purge", "export"])
def test_nothing_is_done_to_an_odd_one(
    user_id: str, superuser: Client, put: Callable[..., Any], action: str
) -> None:
    """Whoever knows its id is told why."""
    document = broken(user_id, "created_at", "2024")
    put(document)
    form = {"action": action, "_selected_action": [str(document["_id"])], "index": "0"}
    answer = superuser.post(CONVERSATIONS, {**form, "post": "yes"}, follow=True)
    assert f"{document['_id']} (created_at)" in answer.content.decode()
    assert collection("conversations").find_one({"_id": document["_id"]}) == document


def test_a_character_id_of_another_type_breaks_no_figure(
    user_id: str, superuser: Client, put: Callable[..., Any]
) -> None:
    """The former service has ObjectIds and numbers there, until they are migrated."""
    dashboard._figures.cache_clear()  # noqa: SLF001  # its minute is longer than the test
    character_id = ObjectId()
    for _ in range(40):  # among the top ones
        put(old_document(user_id, character_id=character_id))
    assert str(character_id) in page(superuser, "/admin/")
    dashboard._figures.cache_clear()  # noqa: SLF001
