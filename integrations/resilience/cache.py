"""Snapshots of what an upstream answered: fresh for a while, of use for longer when it is down.

Two layers: this process, then Redis for all of them. A snapshot past its freshness stands in when
the upstream cannot be asked (stale-if-error, RFC 5861 section 4); a "there is no such thing" is
remembered too, for a short time, and is never used stale.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

from integrations import metrics
from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline
from integrations.resilience.flight import SingleFlight
from integrations.resilience.local import RecentAnswers
from integrations.resilience.shared import SharedMemory

V = TypeVar("V")

FRESH = 300.0  # seconds
ABSENT = 30.0  # seconds for which "there is none" stands
STALE = 24 * 3600.0  # seconds after which a snapshot is of no use, even in need
REMEMBERED = 10_000  # snapshots in one process


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetimes:
    """How long snapshots last, in seconds."""

    fresh: float = FRESH
    absent: float = ABSENT
    stale: float = STALE


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot(Generic[V]):
    """An answer and its ends, in seconds since the epoch; None says that there is no such thing."""

    value: V | None
    fresh_until: float
    useful_until: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Codec(Generic[V]):
    """How a value is kept as JSON; `decode` returns None for what it does not understand."""

    encode: Callable[[V], object]
    decode: Callable[[object], V | None]


class SnapshotCache(Generic[V]):
    """Answers of one upstream by key."""

    def __init__(
        self,
        *,
        upstream: str,
        shared: SharedMemory,
        codec: Codec[V],
        lifetimes: Lifetimes = Lifetimes(),
    ) -> None:
        self._upstream = upstream
        self._shared = shared
        self._codec = codec
        self._lifetimes = lifetimes
        self._local: RecentAnswers[str, Snapshot[V]] = RecentAnswers(size=REMEMBERED)
        self._flights: SingleFlight[str, Snapshot[V]] = SingleFlight(upstream=upstream)
        metrics.cache_named(upstream)

    def get(
        self, key: str, *, load: Callable[[], V | None], deadline: Deadline
    ) -> tuple[V | None, bool]:
        """Return the value, or None when there is none, and whether it is stale.

        `load` asks the upstream; its UpstreamUnavailable passes when no snapshot can stand in.
        """
        snapshot = self._local.get(key)
        if snapshot is not None and snapshot.fresh_until > time.time():
            return snapshot.value, False
        try:
            snapshot = self._flights.run(key, lambda: self._refresh(key, load), deadline=deadline)
        except UpstreamUnavailable:
            snapshot = self._local.get(key)
            if snapshot is None or snapshot.value is None:
                raise
            metrics.CACHE_READS.labels(self._upstream, "stale").inc()
            return snapshot.value, True
        return snapshot.value, False

    def _refresh(self, key: str, load: Callable[[], V | None]) -> Snapshot[V]:
        kept = self._read_shared(key)
        if kept is not None:
            self._keep_local(key, kept)
            if kept.fresh_until > time.time():
                metrics.CACHE_READS.labels(self._upstream, "shared").inc()
                return kept
        snapshot = self._taken_now(load())
        metrics.CACHE_READS.labels(self._upstream, "upstream").inc()
        self._keep_local(key, snapshot)
        self._write_shared(key, snapshot)
        return snapshot

    def _taken_now(self, value: V | None) -> Snapshot[V]:
        now = time.time()
        if value is None:
            end = now + self._lifetimes.absent
            return Snapshot(value=None, fresh_until=end, useful_until=end)
        # Jitter, so that what was loaded together is not asked for again together.
        fresh = self._lifetimes.fresh * random.uniform(0.9, 1)  # noqa: S311  # no secret
        return Snapshot(
            value=value, fresh_until=now + fresh, useful_until=now + self._lifetimes.stale
        )

    def _keep_local(self, key: str, snapshot: Snapshot[V]) -> None:
        self._local.put(key, snapshot, seconds=snapshot.useful_until - time.time())

    def _read_shared(self, key: str) -> Snapshot[V] | None:
        kept = self._shared.run(lambda redis: redis.get(self._name(key)))
        return self._parse(kept) if isinstance(kept, bytes) else None

    def _write_shared(self, key: str, snapshot: Snapshot[V]) -> None:
        value = None if snapshot.value is None else self._codec.encode(snapshot.value)
        kept = orjson.dumps([snapshot.fresh_until, snapshot.useful_until, value])
        seconds = max(1, int(snapshot.useful_until - time.time()))
        self._shared.run(lambda redis: redis.set(self._name(key), kept, ex=seconds))

    def _parse(self, kept: bytes) -> Snapshot[V] | None:
        try:
            fresh_until, useful_until, content = orjson.loads(kept)
            ends = float(fresh_until), float(useful_until)
        except (ValueError, TypeError):
            return None
        value = None if content is None else self._codec.decode(content)
        if value is None and content is not None:
            return None
        return Snapshot(value=value, fresh_until=ends[0], useful_until=ends[1])

    def _name(self, key: str) -> str:
        return f"snapshot:{self._upstream}:{key}"
