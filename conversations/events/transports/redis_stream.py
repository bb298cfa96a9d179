"""Events to a stream of Redis or Valkey (version 6.2 and up: trimming by MINID)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from conversations.events.transports.base import BrokerUnavailable, Event, Refusal
from conversations.trace_ids import event_traceparent

STREAM = "conversations"
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0  # without a byte from the server


class RedisStream:
    """Appends each event to the stream `conversations`, and lets go of what is old.

    An entry has the fields `event_type` and `event_id`, by which a consumer can choose without
    reading further, `traceparent` (W3C Trace Context), by which it goes on with the trace of the
    change, and `event`, the whole event as JSON. Entries stay for `retention` after their
    arrival, whether or not somebody has read them.

    The server refuses no single event that can exist here: its limit of 512 MiB is above a
    document's. Whatever it answers but an id (out of memory, read-only, no permission, another
    type under the stream's name …) says that it is unwell, or set up wrongly, for all of them.
    """

    def __init__(self, *, url: str, retention: timedelta) -> None:
        # No retry of the client's own: it would repeat a wave that may have arrived.
        self._redis: Redis = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._retention = retention
        self._newest: int | None = None  # milliseconds, on the server's clock

    def publish(self, events: Sequence[Event]) -> list[Refusal | None]:
        """Append the events in one round trip; see Transport."""
        kept_from = self._kept_from()
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for event in events:
                    pipeline.xadd(STREAM, _fields(event), minid=kept_from)
                # The client would put the command into the error's message, and the event with it.
                answers = pipeline.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise BrokerUnavailable(_kind(error)) from error
        for answer in answers:
            if isinstance(answer, RedisError):
                raise BrokerUnavailable(_kind(answer)) from answer
            self._newest = _milliseconds(answer)
        return [None] * len(events)

    def _kept_from(self) -> str | None:
        """Return the id below which entries may go; None until the server's time is known.

        Ids begin with the time at which the server took them, so nothing depends on this machine's
        clock. Trimming is approximate (`~`): only whole blocks of old entries go.
        """
        if self._newest is None:
            return None
        return f"{max(0, self._newest - self._retention // timedelta(milliseconds=1))}-0"

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()


def _fields(event: Event) -> dict[Any, Any]:
    return {
        "event_type": event["event_type"],
        "event_id": event["event_id"],
        "traceparent": event_traceparent(event, ratio=settings.CONFIG.trace_ratio),
        "event": orjson.dumps(event),
    }


def _milliseconds(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])


def _kind(error: Exception) -> str:
    """Return the code that the server's answer begins with, such as OOM, or what broke instead."""
    if isinstance(error, ResponseError):
        return str(error.status_code or str(error).partition(" ")[0])
    return type(error).__name__
