"""Many at once on one conversation."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from conversations.repository.database import collection
from tests.client import Answer, ApiClient
from tests.stored import stored

THREADS = 16
ROUNDS = 12


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Do `work(0)` … `work(count - 1)` in as many threads, begun at one moment."""
    barrier = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        barrier.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_it_lets_exactly_one_if_match_win(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Each round one of 16 wins, the rest get 412, and the version counts the winners."""
    created = api.create()
    clients = [client_of(api.user_id) for _ in range(THREADS)]
    for turn in range(1, ROUNDS + 1):

        def patch(number: int, version: int = turn) -> Answer:
            body = {"title": f"round {version} by {number}"}
            return clients[number].patch(created["id"], body, **{"If-Match": f'"{version}"'})

        answers = together(THREADS, patch)
        assert Counter(answer.status for answer in answers) == {200: 1, 412: THREADS - 1}
        [winner] = [answer for answer in answers if answer.status == 200]
        assert api.read(created["id"]) == winner.json
    assert api.read(created["id"])["version"] == ROUNDS + 1


def test_it_keeps_concurrent_edits_of_different_fields(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Without If-Match all of them survive, and each counts as one version with its event."""
    created = api.create()
    for turn in range(5):
        edits: list[dict[str, Any]] = [
            {"title": f"Title {turn}"},
            {"tags": [f"tag-{turn}"]},
            {"pinned": turn % 2 == 0},
            {"expires_at": f"21{turn:02}-01-01T00:00:00.000Z"},
            {"settings": {"model": f"model-{turn}"}},
            {"settings": {"max_tokens": turn + 1}},
            {"settings": {"language": f"de-x-r{turn}"}},
            {"settings": {"system_prompt": f"prompt {turn}"}},
        ]
        clients = [client_of(api.user_id) for _ in edits]

        def patch(number: int, edits: list[Any] = edits, clients: Any = clients) -> Answer:
            answer: Answer = clients[number].patch(created["id"], edits[number])
            return answer

        answers = together(len(edits), patch)
        assert {answer.status for answer in answers} == {200}
        after = api.read(created["id"])
        for edit in edits:
            for name, value in edit.items():
                if name == "settings":
                    assert value.items() <= after["settings"].items()
                else:
                    assert after[name] == value
        assert after["version"] == 1 + len(edits) * (turn + 1)
    document = stored(api.user_id)
    sequences = [event["sequence"] for event in document["pending_events"]]
    assert sequences == list(range(1, after["version"] + 1))
    moments = [event["timestamp"] for event in document["pending_events"]]
    assert moments == sorted(moments)


def test_it_archives_once_however_many_ask(
    api: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Sixteen archives at once are one change."""
    created = api.create()
    clients = [client_of(api.user_id) for _ in range(THREADS)]
    answers = together(
        THREADS, lambda number: clients[number].post(f"/conversations/{created['id']}/archive")
    )
    assert {(answer.status, answer.json["version"]) for answer in answers} == {(200, 2)}


def test_it_purges_once_amid_edits(api: ApiClient, client_of: Callable[..., ApiClient]) -> None:
    """A purge among edits wins in the end, and leaves no content behind."""
    for _ in range(4):
        created = api.create(title="Secret")
        clients = [client_of(api.user_id) for _ in range(6)]

        def act(number: int, created: dict[str, Any] = created, clients: Any = clients) -> int:
            if number == 0:
                status: int = clients[0].delete(created["id"], "?permanent=true").status
            else:
                status = clients[number].patch(created["id"], {"title": f"Secret {number}"}).status
            return status

        statuses = together(len(clients), act)
        assert statuses[0] == 204
        assert set(statuses[1:]) <= {200, 404}
        assert api.get(f"/conversations/{created['id']}").status == 404
    for document in collection("conversations").find({"user_id": api.user_id}):
        assert "Secret" not in str(document)
