"""The consumer of docs/examples, run as its reader would, on what real brokers deliver."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bson import ObjectId

from conversations.events.transports.base import Transport
from tests.doubles.supervised import eventually
from tests.event_samples import Event, an_event
from tests.event_schemas import DOCS
from tests.integration.transports.conftest import Broker

SECONDS = 60.0


@contextmanager
def consuming(url: str, *, state: Path) -> Iterator[list[str]]:
    """Run the example as long as the block lasts; yield the lines that it has printed so far."""
    command = [sys.executable, str(DOCS / "examples" / "consume_events.py"), url]
    with subprocess.Popen(
        [*command, "--state", str(state)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        reader = threading.Thread(target=lines.extend, args=(process.stdout,))
        reader.start()
        try:
            yield lines
        finally:
            process.terminate()
            reader.join()


def life() -> list[Event]:
    """Return the events of a conversation's life, its purge the last."""
    conversation: dict[str, Any] = {"_id": ObjectId(), "user_id": "maria"}
    events = [
        an_event(**conversation, version=1, title="First", event_type="conversation.created"),
        an_event(**conversation, version=2, title="Second"),
        an_event(**conversation, version=3, title="Third"),
        an_event(**conversation, version=4, event_type="conversation.purged"),
    ]
    events[3]["data"] = None
    return events


def test_it_follows_what_is_delivered(broker: Broker, transport: Transport, tmp_path: Path) -> None:
    """In order, each once: repeats, early and late, are seen for what they are."""
    created, second, third, purged = life()
    late = {**an_event(user_id="maria", title="Late"), "timestamp": "2020-01-01T00:00:00.000Z"}
    other = an_event(user_id="maria", version=7, title="Other")
    erased = {**other, "event_type": "user.erased", "conversation_id": None, "sequence": None}
    news = {**erased, "event_type": "user.renamed", "more": "than is known today"}
    repeated = [created, second, created, second, third, other, purged, third]
    for event in [*repeated, erased, other, late, news]:
        transport.publish([event])
    state = tmp_path / "titles.db"
    mine, others = created["conversation_id"], other["conversation_id"]
    expected = [
        f"conversation.created {mine} 1 First",
        f"conversation.updated {mine} 2 Second",
        f"ignored {mine} 1",
        f"ignored {mine} 2",
        f"conversation.updated {mine} 3 Third",
        f"conversation.updated {others} 7 Other",
        f"conversation.purged {mine} 4 None",
        f"ignored {mine} 3",
        "erased maria",
        f"ignored {others} 7",
        f"dropped {late['conversation_id']} {late['sequence']}",
        "unknown user.renamed",
    ]
    with consuming(broker.url, state=state) as lines:
        assert eventually(lambda: len(lines) >= len(expected), SECONDS), lines
    assert [line.rstrip("\n") for line in lines] == expected
    later = an_event(user_id="maria", version=8, title="Later")
    transport.publish([later])
    with consuming(broker.url, state=state) as lines:
        assert eventually(lambda: bool(lines), SECONDS)
    assert lines == [f"conversation.updated {later['conversation_id']} 8 Later\n"]
