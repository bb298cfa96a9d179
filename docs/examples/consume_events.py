"""Follow the service's events, from a Redis stream or from RabbitMQ; needs `redis` and `kombu`.

    python consume_events.py redis://localhost:6379/2
    python consume_events.py amqp://guest:guest@localhost:5672//

It keeps a table of titles, as a consumer would keep whatever it makes of events. It can be ended
and started again at any moment: an event is acknowledged when what it led to is stored. When the
broker goes away it ends; let a supervisor start it again.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

from kombu import Connection, Exchange, Queue
from redis import Redis
from redis.exceptions import ResponseError

Event = dict[str, Any]
UNDERSTOOD = 1  # schema_version
TABLE = "titles (conversation_id TEXT PRIMARY KEY, sequence INTEGER, user_id TEXT, title TEXT)"
UPSERT = "INSERT OR REPLACE INTO titles VALUES (?, ?, ?, ?)"
ERASED = "erased (user_id TEXT PRIMARY KEY, timestamp TEXT)"
ERASE = "INSERT OR REPLACE INTO erased VALUES (?, ?)"
ERASED_AT = "SELECT timestamp FROM erased WHERE user_id = ?"
FORGET_USER = "UPDATE titles SET user_id = NULL, title = NULL WHERE user_id = ?"
SEQUENCE = "SELECT sequence FROM titles WHERE conversation_id = ?"


def handle(event: Event, database: sqlite3.Connection) -> str:
    """Act on an event and remember it, in one transaction; return what was done."""
    if event["schema_version"] > UNDERSTOOD:
        sys.exit(f"schema_version {event['schema_version']} needs a newer consumer")
    with database:
        if event["event_type"] == "user.erased":
            database.execute(FORGET_USER, [event["user_id"]])
            database.execute(ERASE, [event["user_id"], event["timestamp"]])
            return f"erased {event['user_id']}"
        conversation_id, sequence = event["conversation_id"], event["sequence"]
        if conversation_id is None:
            return f"unknown {event['event_type']}"
        erased = database.execute(ERASED_AT, [event["user_id"]]).fetchone()
        if erased is not None and event["timestamp"] < erased[0]:
            return f"dropped {conversation_id} {sequence}"
        row = database.execute(SEQUENCE, [conversation_id]).fetchone()
        if row is not None and sequence <= row[0]:
            return f"ignored {conversation_id} {sequence}"
        # Purged, or an older event of one that has been purged since: only the sequence stays, so
        # that a late repeat of an even older event brings nothing back.
        kept = (event["user_id"], event["data"]["title"]) if event["data"] else (None, None)
        database.execute(UPSERT, [conversation_id, sequence, *kept])
    return f"{event['event_type']} {conversation_id} {sequence} {kept[1]}"


def from_redis(url: str, group: str) -> Iterator[Event]:
    """Yield the stream's events, from the first that it still has; acknowledge those handled."""
    # The answer to a read that waits for 5 s takes longer than that.
    redis = Redis.from_url(url, decode_responses=True, protocol=2, socket_timeout=15)
    try:
        redis.xgroup_create("conversations", group, id="0", mkstream=True)
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise
    after = "0"  # first what was received before the last end, and not acknowledged
    while True:
        answer: Any = redis.xreadgroup(group, "only", {"conversations": after}, 100, block=5000)
        entries = answer[0][1] if answer else []
        for entry_id, fields in entries:
            if fields:  # not trimmed meanwhile
                yield json.loads(fields["event"])
            redis.xack("conversations", group, entry_id)
        after = entries[-1][0] if entries and after != ">" else ">"


def from_rabbitmq(url: str, queue: str) -> Iterator[Event]:
    """Yield the queue's events; acknowledge those handled."""
    exchange = Exchange("conversations", type="topic", durable=True)
    source = Queue(queue, exchange, routing_key="#", durable=True)
    with Connection(url) as connection, connection.SimpleQueue(source) as messages:
        messages.consumer.qos(prefetch_count=100)
        while True:
            message = messages.get()
            yield message.payload
            message.ack()


def main() -> None:
    """Read the command line, then follow events until ended."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--name", default="conversations.all", help="group or queue to read as")
    parser.add_argument("--state", default="titles.db", help="where the table is")
    options = parser.parse_args()
    database = sqlite3.connect(options.state)
    for table in (TABLE, ERASED):
        database.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    source = from_rabbitmq if options.url.startswith("amqp") else from_redis
    for event in source(options.url, options.name):
        print(handle(event, database), flush=True)


if __name__ == "__main__":
    main()
