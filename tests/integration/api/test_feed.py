"""The feed: whose events it shows, from where on, and how one goes on."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from conversations import dependencies
from conversations.document import PARTITIONS, partition_of
from conversations.repository import events, outbox
from conversations.repository.database import collection
from conversations.services.harvest import harvest_user
from integrations.errors import UpstreamUnavailable
from tests.client import ApiClient


def page_of(api: ApiClient, query: str = "") -> dict[str, Any]:
    """Return a page that must be there."""
    answer = api.get(f"/events{query}")
    assert answer.status == 200, answer.content
    page: dict[str, Any] = answer.json
    return page


def places(page: dict[str, Any]) -> list[tuple[str, int]]:
    return [(event["conversation_id"], event["sequence"]) for event in page["results"]]


def read_on(api: ApiClient, page: dict[str, Any], query: str = "") -> dict[str, Any]:
    return page_of(api, f"?after={page['next_cursor']}{query}")


def end_of(api: ApiClient) -> dict[str, Any]:
    """Return the last page there is now."""
    page = page_of(api, "?limit=500")
    while page["next"]:
        page = read_on(api, page, "&limit=500")
    return page


def neighbour_of(user_id: str, *, distance: int = 0) -> str:
    """Return another user, of the same partition or of one so many further on."""
    wanted = (partition_of(user_id) + distance) % PARTITIONS
    names = (f"{user_id}-{number}" for number in itertools.count())
    return next(name for name in names if partition_of(name) == wanted)


def compact(user_id: str, *, upto: int) -> None:
    """Remove rows from the log as cleaning up does."""
    partition = partition_of(user_id)
    outbox.raise_compacted(partition=partition, position=upto)
    collection("conversation_events").delete_many(
        {"partition": partition, "position": {"$lt": upto + 1}}
    )


def appended(user_id: str) -> int:
    return outbox.find(partition_of(user_id)).appended


def test_it_shows_ones_own_events_oldest_first(api: ApiClient, other: ApiClient) -> None:
    """All writes that were answered are there, though nothing has harvested them."""
    first = api.create(title="First")
    other.create()
    second = api.create()
    api.patch(first["id"], {"title": "New"})
    page = page_of(api)
    assert sorted(places(page)) == sorted([(first["id"], 1), (second["id"], 1), (first["id"], 2)])
    assert [sequence for one, sequence in places(page) if one == first["id"]] == [1, 2]
    assert page["results"][-1]["user_id"] == api.user_id
    assert set(page) == {
        *("results", "next", "previous", "next_cursor", "previous_cursor", "count"),
    }


def test_it_goes_on_from_a_cursor_and_from_an_event(api: ApiClient) -> None:
    """Also from an empty page; what was read does not come again."""
    empty = page_of(api)
    assert (empty["results"], empty["next"]) == ([], None)
    conversation = api.create()
    page = read_on(api, empty)
    assert places(page) == [(conversation["id"], 1)]
    assert read_on(api, page)["results"] == []
    api.post(f"/conversations/{conversation['id']}/archive")
    for after in (page["next_cursor"], page["results"][0]["event_id"]):
        assert places(page_of(api, f"?after={after}")) == [(conversation["id"], 2)]


def test_it_goes_on_from_an_event_that_waited(api: ApiClient) -> None:
    """The history shows events before they are in the log: their ids are good at once."""
    conversation = api.create()
    [event] = api.get(f"/conversations/{conversation['id']}/history").json["results"]
    assert page_of(api, f"?after={event['event_id']}")["results"] == []


def test_it_pages(api: ApiClient) -> None:
    """`next` leads on as long as pages are full."""
    conversation = api.create()
    for number in range(4):
        api.patch(conversation["id"], {"title": f"Title {number}"})
    page = page_of(api, "?limit=2")
    seen = places(page)
    while page["next"]:
        page = read_on(api, page, "&limit=2")
        seen += places(page)
    assert seen == [(conversation["id"], sequence) for sequence in range(1, 6)]


def test_it_keeps_neighbours_apart(api: ApiClient, client_of: Callable[..., ApiClient]) -> None:
    """Users of one partition see nothing of each other, nor go on from each other's events."""
    neighbour = client_of(neighbour_of(api.user_id))
    theirs = neighbour.create()
    mine = api.create()
    assert places(page_of(neighbour)) == [(theirs["id"], 1)]
    assert places(page_of(api)) == [(mine["id"], 1)]
    event_id = page_of(neighbour)["results"][0]["event_id"]
    answer = api.get(f"/events?after={event_id}")
    assert (answer.status, answer.code) == (410, "feed_position_expired")


def test_it_shows_an_admin_everybodys(
    api: ApiClient, admin: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Once they are harvested, the oldest first; with user_id one user's, harvested or not."""
    other = client_of(neighbour_of(api.user_id, distance=1))
    end = end_of(admin)
    expected = [(client.create()["id"], 1) for _ in range(3) for client in (api, other)]
    assert places(page_of(admin, f"?user_id={other.user_id}")) == expected[1::2]
    harvest_user(api.user_id)
    assert sorted(places(read_on(admin, end))) == sorted(expected)
    pages = [read_on(admin, end, "&limit=1")]
    while pages[-1]["next"]:
        pages.append(read_on(admin, pages[-1], "&limit=1"))
    moments = [event["timestamp"] for page in pages for event in page["results"]]
    assert len(moments) == len(expected)
    assert moments == sorted(moments)
    assert sorted(place for page in pages for place in places(page)) == sorted(expected)


def test_it_shows_a_user_without_the_scope_nobody_elses(api: ApiClient, other: ApiClient) -> None:
    """?user_id= is the admin's."""
    answer = api.get(f"/events?user_id={other.user_id}")
    assert (answer.status, answer.code) == (403, "insufficient_scope")
    assert ApiClient(token=None).get("/events").status == 401


def test_an_admin_reads_his_own_feed_by_his_name(admin: ApiClient) -> None:
    """The scope alone means everybody's."""
    conversation = admin.create()
    assert places(page_of(admin, f"?user_id={admin.user_id}")) == [(conversation["id"], 1)]


def test_it_shows_everybodys_events_only_for_a_verified_token(admin: ApiClient) -> None:
    """While the Auth Service is away a revoked admin's token could not be told."""

    class Away:
        def introspect(self, **_: Any) -> None:
            raise UpstreamUnavailable(upstream="auth", reason="refused", retry_after=1)

        def known_revoked(self, _token: str) -> bool:
            return False

    with dependencies.override(auth=Away()):
        answer = admin.get("/events")
    assert (answer.status, answer.code) == (503, "upstream_unavailable")


def test_it_shows_purged_events_without_content(api: ApiClient) -> None:
    """They are there, in order, and empty."""
    conversation = api.create(title="Secret")
    page_of(api)
    api.delete(conversation["id"], "?permanent=true")
    page = page_of(api)
    assert [event["event_type"] for event in page["results"]] == [
        "conversation.created",
        "conversation.purged",
    ]
    assert {event["data"] for event in page["results"]} == {None}


def test_it_shows_events_that_concern_no_conversation(api: ApiClient) -> None:
    """`user.erased`, as it is."""
    api.create()
    [created] = page_of(api)["results"]
    erased = {
        **created,
        "event_id": "e" * 20 + created["event_id"][:12],
        "event_type": "user.erased",
        **dict.fromkeys(("conversation_id", "sequence", "data")),
    }
    events.append(partition=partition_of(api.user_id), events=[erased])
    assert page_of(api, f"?after={created['event_id']}")["results"] == [erased]


def test_it_tells_a_reader_who_comes_too_late(api: ApiClient, admin: ApiClient) -> None:
    """410 from a place below what is kept, as cursor and as event_id; a new start is fine."""
    conversation = api.create()
    start, everybodys = page_of(api), end_of(admin)
    for number in range(3):
        api.patch(conversation["id"], {"title": f"Title {number}"})
    later = read_on(api, start, "&limit=2")
    compact(api.user_id, upto=appended(api.user_id) - 1)
    event_id = start["results"][0]["event_id"]
    too_late = [
        api.get(f"/events?after={start['next_cursor']}"),
        api.get(f"/events?after={event_id}"),
        admin.get(f"/events?after={everybodys['next_cursor']}"),
    ]
    for answer in too_late:
        assert (answer.status, answer.code) == (410, "feed_position_expired")
    kept = [(conversation["id"], 4)]
    assert places(read_on(api, later)) == kept
    assert places(page_of(api)) == kept
    assert places(end_of(admin))[-1:] == kept


def test_a_place_does_not_grow_old_while_nothing_happens(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Who polls keeps up with the partition, also when all that happens there is others'."""
    neighbour = client_of(neighbour_of(api.user_id))
    page = page_of(api)
    for _ in range(2):
        for _ in range(2):
            neighbour.create()
        harvest_user(neighbour.user_id)
        page = read_on(api, page)
        compact(api.user_id, upto=appended(api.user_id) - 1)
    conversation = api.create()
    assert places(read_on(api, page)) == [(conversation["id"], 1)]


def test_it_begins_above_what_is_only_left_over(api: ApiClient) -> None:
    """A row that stayed below the compacted ones, for it was parked, misleads nobody."""
    conversation = api.create()
    api.patch(conversation["id"], {"title": "Second"})
    page_of(api)
    upto = appended(api.user_id) - 1
    outbox.raise_compacted(partition=partition_of(api.user_id), position=upto)
    page = page_of(api)
    assert places(page) == [(conversation["id"], 2)]
    assert read_on(api, page)["results"] == []


def test_it_refuses_a_cursor_that_is_not_its_own(
    api: ApiClient, other: ApiClient, admin: ApiClient
) -> None:
    """Bound to the caller and to whose events they are; altered in any way it is 400."""
    api.create()
    page = page_of(api)
    cursor, event_id = page["next_cursor"], page["results"][0]["event_id"]
    everybodys = page_of(admin)["next_cursor"]
    own = page_of(admin, f"?user_id={admin.user_id}")["next_cursor"]
    altered = "".join((cursor[:9], "A" if cursor[9] != "A" else "B", cursor[10:]))
    refused = [
        *(
            api.get(f"/events?after={text}")
            for text in (altered, cursor + "A", "", "%00", "x" * 32)
        ),
        api.get(f"/events?after={event_id.upper()}"),
        other.get(f"/events?after={cursor}"),
        admin.get(f"/events?after={cursor}"),
        admin.get(f"/events?after={cursor}&user_id={api.user_id}"),
        admin.get(f"/events?after={own}"),
        admin.get(f"/events?after={everybodys}&user_id={admin.user_id}"),
        admin.get(f"/events?after={event_id}"),
    ]
    for answer in refused:
        assert (answer.status, answer.faults) == (400, {"after": "invalid_cursor"})


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "wait=26", "wait=-1", "wait=1.5", "cursor=x"]
)
def test_it_refuses_parameters_that_are_not_valid(api: ApiClient, query: str) -> None:
    """400 naming the parameter."""
    answer = api.get(f"/events?{query}")
    assert (answer.status, list(answer.faults)) == (400, [query.partition("=")[0]])
