"""The history of a conversation: every change, at once, each once."""

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from conversations.repository import log
from conversations.repository.database import collection
from conversations.services import history as service
from conversations.services.harvest import harvest_user
from tests.client import Answer, ApiClient
from tests.harvesters import harvesting

ACTIONS = 30  # in a random life
LIMITS = (1, 3, 7, 20)


def page_of(api: ApiClient, conversation_id: str, query: str = "") -> dict[str, Any]:
    """Return a page that must be there."""
    answer = api.get(f"/conversations/{conversation_id}/history{query}")
    assert answer.status == 200, answer.content
    page: dict[str, Any] = answer.json
    return page


def sequences(page: dict[str, Any]) -> list[int]:
    return [event["sequence"] for event in page["results"]]


def follow(api: ApiClient, link: str) -> dict[str, Any]:
    parts = urlsplit(link)
    answer = api.get(f"{parts.path.removeprefix('/api/v1')}?{parts.query}")
    assert answer.status == 200, answer.content
    page: dict[str, Any] = answer.json
    return page


def walk(api: ApiClient, page: dict[str, Any], direction: str) -> Iterator[dict[str, Any]]:
    """Yield a page and all beyond it: towards the `next` or the `previous`."""
    yield page
    while page[direction]:
        page = follow(api, page[direction])
        yield page


def act(api: ApiClient, conversation_id: str, chance: random.Random) -> tuple[str, Answer]:
    """Do something by chance; return the event type that it leaves, and the answer."""
    action = chance.choice(["patch", "patch", "archive", "unarchive", "delete", "restore"])
    if action == "patch":
        patches: list[dict[str, Any]] = [
            {"title": f"Title {chance.randrange(3)}"},
            {"tags": chance.sample(["a", "b"], chance.randrange(3))},
            {"pinned": chance.random() < 0.5},
            {"settings": {"temperature": chance.randrange(3) / 2}},
            {"expires_at": chance.choice([None, "2099-01-01T00:00:00Z"])},
        ]
        return "conversation.updated", api.patch(conversation_id, chance.choice(patches))
    if action == "delete":
        return "conversation.deleted", api.delete(conversation_id)
    answer = api.post(f"/conversations/{conversation_id}/{action}")
    return f"conversation.{action.removesuffix('e')}ed", answer


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_equals_the_changes_immediately_after_each(api: ApiClient, seed: int) -> None:
    """A random life with a harvester beside it: what was done is there, and nothing else."""
    chance = random.Random(seed)
    conversation = api.create()
    made = [("conversation.created", 1, conversation)]
    with harvesting([api.user_id], threads=1):
        for _ in range(ACTIONS):
            event_type, answer = act(api, conversation["id"], chance)
            assert answer.status in (200, 204, 409)
            now = api.read(conversation["id"])
            if now["version"] > made[0][1]:
                made.insert(0, (event_type, now["version"], now))
            events = page_of(api, conversation["id"], "?limit=100")["results"]
            assert [
                (event["event_type"], event["sequence"], event["data"]) for event in events
            ] == made
    assert {event_type for event_type, _, _ in made} >= {"conversation.updated"}


def test_it_misses_and_doubles_nothing_while_events_move(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Read during writes and by several harvesters: dense, from the newest change down."""
    conversation = api.create()
    over = threading.Event()

    def write() -> None:
        writer_api = client_of(api.user_id)
        for number in range(40):
            writer_api.patch(conversation["id"], {"title": f"Title {number}"})
        over.set()

    writer = threading.Thread(target=write)
    reads = 0
    with harvesting([api.user_id], threads=2):
        writer.start()
        while not over.is_set():
            version = api.read(conversation["id"])["version"]
            found = sequences(page_of(api, conversation["id"], "?limit=100"))
            assert found == list(range(len(found), 0, -1))
            assert len(found) >= version
            reads += 1
        writer.join()
    assert reads > 1


def test_it_shows_once_what_moves_between_its_reads(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harvest takes the event from the document before the second read, whichever that is."""
    conversation = api.create()
    reads = []

    def interrupted(read: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(**arguments: Any) -> Any:
            reads.append(read)
            if len(reads) == 2:
                assert harvest_user(api.user_id) == 1
            return read(**arguments)

        return wrapped

    for module, name in ((service, "get_conversation"), (log, "events_of_conversation")):
        monkeypatch.setattr(module, name, interrupted(getattr(module, name)))
    assert sequences(page_of(api, conversation["id"])) == [1]
    assert len(reads) == 2


@pytest.mark.parametrize("in_log", [0, 4, 7])
def test_it_pages_both_ways(api: ApiClient, in_log: int) -> None:
    """Wherever the log ends and the document begins; what comes meanwhile shifts nothing."""
    conversation = api.create()
    for number in range(1, 7):
        if number == in_log:
            harvest_user(api.user_id)
        api.patch(conversation["id"], {"title": f"Title {number}"})
    if in_log == 7:
        harvest_user(api.user_id)
    first_pages = [page_of(api, conversation["id"], f"?limit={limit}") for limit in LIMITS]
    api.post(f"/conversations/{conversation['id']}/archive")
    for limit, first in zip(LIMITS, first_pages, strict=True):
        assert first["previous"] is first["previous_cursor"] is first["count"] is None
        pages = list(walk(api, first, "next"))
        assert [one for page in pages for one in sequences(page)] == [7, 6, 5, 4, 3, 2, 1]
        assert all(len(sequences(page)) == limit for page in pages[:-1])
        back = list(walk(api, pages[-1], "previous"))
        seen = [one for page in reversed(back) for one in sequences(page)]
        assert seen == ([7, 6, 5, 4, 3, 2, 1] if pages == [first] else [8, 7, 6, 5, 4, 3, 2, 1])


def test_it_leads_back_from_beyond_what_is_kept(api: ApiClient) -> None:
    """When the log no longer has what lay beyond, the page is empty and the way back is whole."""
    conversation = api.create()
    for number in range(3):
        api.patch(conversation["id"], {"title": f"Title {number}"})
    harvest_user(api.user_id)
    page = page_of(api, conversation["id"], "?limit=2")
    collection("conversation_events").delete_many(
        {"event.conversation_id": conversation["id"], "event.sequence": {"$lt": 3}}
    )
    empty = page_of(api, conversation["id"], f"?limit=2&cursor={page['next_cursor']}")
    assert (empty["results"], empty["next"]) == ([], None)
    assert follow(api, empty["previous"])["results"] == page["results"]


def test_it_shows_the_history_of_what_is_in_the_trash(api: ApiClient) -> None:
    """As the conversation itself; a purged one has none to be seen."""
    conversation = api.create()
    api.delete(conversation["id"])
    assert sequences(page_of(api, conversation["id"])) == [2, 1]
    api.delete(conversation["id"], "?permanent=true")
    assert api.get(f"/conversations/{conversation['id']}/history").status == 404


def test_it_refuses_a_cursor_that_is_not_its_own(
    api: ApiClient, admin: ApiClient, other: ApiClient
) -> None:
    """Bound to the caller and the conversation; altered in any way it opens no page."""
    first, second = (api.create() for _ in range(2))
    for conversation in (first, second):
        api.patch(conversation["id"], {"title": "New"})
    cursor = page_of(api, first["id"], "?limit=1")["next_cursor"]
    altered = ("A" if cursor[9] != "A" else "B").join((cursor[:9], cursor[10:]))
    refused = [
        api.get(f"/conversations/{first['id']}/history?cursor={altered}"),
        api.get(f"/conversations/{first['id']}/history?cursor="),
        api.get(f"/conversations/{second['id']}/history?cursor={cursor}"),
        admin.get(f"/conversations/{first['id']}/history?cursor={cursor}&user_id={api.user_id}"),
    ]
    for answer in refused:
        assert (answer.status, answer.faults) == (400, {"cursor": "invalid_cursor"})


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "colour=red", "wait=1"])
def test_it_refuses_parameters_that_are_not_valid(api: ApiClient, query: str) -> None:
    """400 naming the parameter."""
    conversation = api.create()
    answer = api.get(f"/conversations/{conversation['id']}/history?{query}")
    assert (answer.status, list(answer.faults)) == (400, [query.partition("=")[0]])
