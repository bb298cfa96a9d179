"""An export from a running service: streamed, and seen to be cut where it is."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymongo
import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.doubles.supervised import eventually
from tests.e2e.live import LiveService, live_service, own_database
from tests.factories import ConversationDocumentFactory

URL = "/api/v1/users/me/export"
NUMBER = 240
PROMPT = "x" * 16_000  # more of them than all buffers on the way hold
SECONDS = 30.0


@pytest.fixture(scope="module")
def service(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """Return a service of four threads: it streams one export at a time."""
    folder = tmp_path_factory.mktemp("export")
    with live_service(folder=folder, WEB_THREADS="4") as running, own_database(running):
        yield running


@pytest.fixture
def much(service: LiveService, user_id: str) -> None:
    """Give the user more than a few megabytes."""
    documents = [
        ConversationDocumentFactory.build(
            user_id=user_id, title=str(number), settings={"system_prompt": PROMPT}
        )
        for number in range(NUMBER)
    ]
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(service.env["MONGODB_URL"])
    with client:
        client[service.env["MONGODB_DATABASE"]].conversations.insert_many(documents)


class LittleRoom(HTTPAdapter):
    """Connections whose system keeps little of what is not read yet."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Say so to each socket before it connects."""
        room = (socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        super().init_poolmanager(*arguments, **options, socket_options=[room])


@contextmanager
def begun(service: LiveService, token: str) -> Iterator[requests.Response]:
    """Yield an export whose lines are still to be read, over a connection of its own."""
    with requests.Session() as session:
        session.mount("http://", LittleRoom())
        headers = {"Authorization": f"Bearer {token}"}
        with session.get(service.url + URL, headers=headers, stream=True, timeout=SECONDS) as it:
            yield it


def test_it_is_streamed_whole(service: LiveService, token: str, much: None) -> None:
    """In chunks, with all the headers of an answer; the access line does not wait for its end."""
    with begun(service, token) as answer:
        assert answer.status_code == 200
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        assert service.line_of(answer.headers["X-Trace-Id"])["status"] == 200
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines[0]["type"] == "header"
    assert lines[-1] == {"type": "end", "count": NUMBER}
    assert {line["title"] for line in lines[1:-1]} == {str(number) for number in range(NUMBER)}


def test_a_cut_download_has_no_end_and_makes_room(
    service: LiveService, token: str, much: None
) -> None:
    """While it lasts there is no room for another; cut, it is not in the way."""
    with begun(service, token) as cut:
        piece = cut.raw.read(100_000)
        assert b'"type":"header"' in piece
        assert b'"type":"end"' not in piece
        busy = service.get(URL, token=token)
        assert (busy.status_code, busy.json()["code"]) == (503, "too_many_exports")
        assert service.get("/health/live").status_code == 200
    assert eventually(lambda: service.get(URL, token=token).status_code == 200, SECONDS)
