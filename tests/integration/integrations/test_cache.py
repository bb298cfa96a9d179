"""Snapshots: how long they serve, what replaces them, and what happens without Redis."""

import itertools
import time
from collections.abc import Callable

import orjson
import pytest
from redis import Redis

from integrations.errors import UpstreamUnavailable
from integrations.resilience.cache import Codec, Lifetimes, SnapshotCache
from integrations.resilience.shared import SharedMemory, connect_redis
from tests.integration.integrations.conftest import World, in_parallel, soon, until

TEXT: Codec[str] = Codec(encode=str, decode=lambda kept: kept if isinstance(kept, str) else None)
NOWHERE = "redis://127.0.0.1:1/0"


class Source:
    """An upstream that counts how often it is asked; each answer is a new one."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = False
        self.gone = False
        self.takes = 0.0

    def __call__(self) -> str | None:
        """Answer, or fail."""
        self.asked += 1
        time.sleep(self.takes)
        if self.down:
            raise UpstreamUnavailable(upstream="characters", reason="timeout")
        return None if self.gone else f"answer {self.asked}"


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def read(world: World, source: Source) -> Callable[..., Callable[[], tuple[str | None, bool]]]:
    """Return a way to read the key `k` as a new process would, with the given lifetimes."""

    def reader(
        *, redis: Redis = world.redis, **lifetimes: float
    ) -> Callable[[], tuple[str | None, bool]]:
        cache = SnapshotCache(
            upstream="characters",
            shared=SharedMemory(redis=redis),
            codec=TEXT,
            lifetimes=Lifetimes(**lifetimes),
        )
        return lambda: cache.get("k", load=source, deadline=soon())

    return reader


Reader = Callable[..., Callable[[], tuple[str | None, bool]]]


def test_it_asks_once_while_fresh(read: Reader, source: Source) -> None:
    """A fresh snapshot is served again and again without asking."""
    ask = read()

    assert {ask() for _ in range(5)} == {("answer 1", False)}
    assert source.asked == 1


def test_processes_share_what_one_of_them_asked(read: Reader, source: Source) -> None:
    """A second process finds the first one's snapshot in Redis."""
    read()()

    assert read()() == ("answer 1", False)
    assert source.asked == 1


def test_it_asks_again_when_no_longer_fresh(read: Reader, source: Source) -> None:
    """After its freshness a snapshot is replaced."""
    ask = read(fresh=0.2)
    ask()

    assert until(lambda: ask() == ("answer 2", False))


def test_freshness_ends_for_all_processes_at_once(read: Reader, source: Source) -> None:
    """A snapshot taken from Redis does not begin a new life in the process that takes it."""
    read(fresh=0.4)()
    other = read(fresh=300)

    assert other() == ("answer 1", False)
    assert until(lambda: other() == ("answer 2", False))


def test_it_serves_stale_when_the_upstream_is_down(read: Reader, source: Source) -> None:
    """A snapshot past its freshness stands in for the upstream, and says that it is stale."""
    ask = read(fresh=0)
    ask()
    source.down = True

    assert ask() == ("answer 1", True)
    assert read()() == ("answer 1", True)  # another process finds it in Redis


def test_it_serves_nothing_when_too_old(read: Reader, source: Source) -> None:
    """A snapshot older than the limit does not stand in."""
    ask = read(fresh=0, stale=0.3)
    ask()
    source.down = True
    time.sleep(0.4)

    with pytest.raises(UpstreamUnavailable):
        ask()


def test_it_remembers_an_absence_for_a_short_time(read: Reader, source: Source) -> None:
    """An absence is not asked about again at once, and is not believed for ever."""
    ask = read(absent=0.3)
    source.gone = True
    assert [ask(), ask()] == [(None, False)] * 2
    assert source.asked == 1
    source.gone = False

    assert until(lambda: ask() == ("answer 2", False))


def test_an_absence_replaces_what_was_there(read: Reader, source: Source) -> None:
    """What is gone is not served stale when the upstream goes down after it."""
    ask = read(fresh=0, absent=0.2)
    ask()
    source.gone = True
    assert ask() == (None, False)
    source.down = True
    time.sleep(0.3)

    with pytest.raises(UpstreamUnavailable):
        ask()


def test_a_hundred_askers_make_one_call(read: Reader, source: Source) -> None:
    """Whoever asks for what is being asked for waits for that answer."""
    ask = read()
    source.takes = 0.3

    assert in_parallel(ask, times=100) == [("answer 1", False)] * 100
    assert source.asked == 1


def test_freshness_varies(read: Reader, source: Source, world: World) -> None:
    """Snapshots taken together do not end together."""
    ends = set()
    for _ in range(8):
        world.redis.flushall()
        read()()
        kept = world.redis.get("snapshot:characters:k")
        assert isinstance(kept, bytes)
        ends.add(orjson.loads(kept)[0])

    assert max(ends) - min(ends) > 1
    assert all(260 < end - time.time() <= 300 for end in ends)


def test_without_redis_it_still_answers_and_remembers(read: Reader, source: Source) -> None:
    """An absent Redis costs the sharing, nothing else."""
    with connect_redis(NOWHERE) as redis:
        ask = read(redis=redis)

        assert {ask() for _ in range(5)} == {("answer 1", False)}
        assert source.asked == 1


def test_without_redis_it_still_serves_stale(read: Reader, source: Source) -> None:
    """The process's own snapshot stands in as well."""
    with connect_redis(NOWHERE) as redis:
        ask = read(redis=redis, fresh=0)
        ask()
        source.down = True

        assert ask() == ("answer 1", True)


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"rubbish", b"{}", b"[1, 2]", b'["a", "b", "c"]', b"[9e9, 9e9, [1]]", b"[[],[],1]"],
)
def test_it_ignores_what_it_does_not_understand(
    read: Reader, source: Source, world: World, rubbish: bytes
) -> None:
    """Whatever else is in Redis under the key is replaced, not trusted."""
    world.redis.set("snapshot:characters:k", rubbish)

    assert read()() == ("answer 1", False)
    assert read()() == ("answer 1", False)
    assert source.asked == 1


def test_it_survives_random_bytes(read: Reader, world: World) -> None:
    """A damaged snapshot in Redis is never an error, wherever the damage is."""
    good = b'[9999999999.5,9999999999.5,"x"]'
    for position, byte in itertools.product(range(0, len(good), 3), b'\x00",[}9'):
        world.redis.set(
            "snapshot:characters:k", good[:position] + bytes([byte]) + good[position + 1 :]
        )
        value, stale = read()()
        assert isinstance(value, str)
        assert not stale
