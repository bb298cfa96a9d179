"""Readers of the feed, while writers write and harvesters harvest: none misses anything."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable

from conversations.services.harvest import harvest_user
from tests.client import ApiClient
from tests.harvesters import harvesting
from tests.integration.api.test_feed import end_of, neighbour_of, read_on

WRITERS = 8
CHANGES = 12  # of one conversation by each writer
PAUSE = 0.02  # seconds between two polls


class Poller(threading.Thread):
    """Polls a feed from its end on, until it is told that all is written and has read all."""

    def __init__(self, api: ApiClient, *, query: str, over: threading.Event) -> None:
        super().__init__()
        self._api, self._query, self._over = api, query, over
        self._page = end_of(api)
        self.polls = 0
        self.sequences: defaultdict[str, list[int]] = defaultdict(list)

    def run(self) -> None:
        """Collect the sequences of each conversation as they come."""
        done = False
        while not done:
            written = self._over.is_set()
            self._page = read_on(self._api, self._page, self._query)
            for event in self._page["results"]:
                self.sequences[event["conversation_id"]].append(event["sequence"])
            self.polls += 1
            done = written and not self._page["results"]
            time.sleep(PAUSE)


def test_every_reader_sees_every_event_once_and_in_order(
    api: ApiClient, admin: ApiClient, other: ApiClient, client_of: Callable[..., ApiClient]
) -> None:
    """Eight writers of three users, two in one partition; three harvesters; five readers."""
    users = [api.user_id, other.user_id, neighbour_of(api.user_id)]
    written: dict[str, list[str]] = {user_id: [] for user_id in users}
    over = threading.Event()
    pollers = {
        "everybody": Poller(admin, query="&limit=500", over=over),
        "everybody, waiting": Poller(admin, query="&wait=1&limit=3", over=over),
        users[0]: Poller(api, query="&limit=4", over=over),
        users[1]: Poller(other, query="&wait=1", over=over),
        users[2]: Poller(client_of(users[2]), query="&wait=1&limit=4", over=over),
    }

    def write(number: int) -> None:
        user_id = users[number % len(users)]
        writer = client_of(user_id)
        conversation = writer.create()
        written[user_id].append(conversation["id"])
        for change in range(CHANGES - 1):
            assert writer.patch(conversation["id"], {"title": f"{change}"}).status == 200

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    with harvesting(users, threads=3):
        for thread in (*pollers.values(), *writers):
            thread.start()
        for thread in writers:
            thread.join()
    for user_id in users:
        harvest_user(user_id)  # what the harvesters left when they ended
    over.set()
    for thread in pollers.values():
        thread.join()
    whole = list(range(1, CHANGES + 1))
    for reader, poller in pollers.items():
        expected = written.get(reader, [one for ids in written.values() for one in ids])
        assert poller.sequences == dict.fromkeys(expected, whole), reader
        assert poller.polls > 1
