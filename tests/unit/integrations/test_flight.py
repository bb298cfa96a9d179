"""One flight per key: who leads, who follows, and what followers get."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.errors import UpstreamUnavailable
from integrations.resilience import flight
from integrations.resilience.deadline import Deadline
from integrations.resilience.flight import SingleFlight


@pytest.fixture
def flights() -> SingleFlight[str, str]:
    return SingleFlight(upstream="characters")


class Work:
    """Work that waits for a sign, and counts how often it is done."""

    def __init__(self, *, fails: Exception | None = None) -> None:
        self.begun = threading.Event()
        self.sign = threading.Event()
        self.times = 0
        self._fails = fails

    def __call__(self) -> str:
        """Do the work."""
        self.times += 1
        self.begun.set()
        assert self.sign.wait(10)
        if self._fails:
            raise self._fails
        return "done"


def fail() -> str:
    raise KeyError


def test_followers_get_the_leaders_result(flights: SingleFlight[str, str]) -> None:
    """The work is done once, for all who want it meanwhile."""
    work = Work()
    with ThreadPoolExecutor() as pool:
        leader = pool.submit(flights.run, "k", work, deadline=Deadline.after(10))
        assert work.begun.wait(10)
        follower = pool.submit(flights.run, "k", work, deadline=Deadline.after(10))
        work.sign.set()

        assert [leader.result(), follower.result()] == ["done", "done"]


def test_another_key_does_not_wait(flights: SingleFlight[str, str]) -> None:
    """Only the same key is joined."""
    work = Work()
    with ThreadPoolExecutor() as pool:
        leader = pool.submit(flights.run, "k", work, deadline=Deadline.after(10))
        assert work.begun.wait(10)

        assert flights.run("other", lambda: "other", deadline=Deadline.after(10)) == "other"
        work.sign.set()
        assert leader.result() == "done"


def test_the_next_one_works_anew(flights: SingleFlight[str, str]) -> None:
    """A flight that has landed, well or badly, is not joined."""
    with pytest.raises(KeyError):
        flights.run("k", fail, deadline=Deadline.after(10))

    assert flights.run("k", lambda: "second", deadline=Deadline.after(10)) == "second"


def test_followers_share_the_failure(flights: SingleFlight[str, str]) -> None:
    """When the upstream fails the leader, it has failed those who waited with it."""
    failure = UpstreamUnavailable(upstream="characters", reason="timeout")
    work = Work(fails=failure)
    with ThreadPoolExecutor() as pool:
        leader = pool.submit(flights.run, "k", work, deadline=Deadline.after(10))
        assert work.begun.wait(10)
        follower = pool.submit(flights.run, "k", lambda: "own", deadline=Deadline.after(10))
        threading.Event().wait(0.1)  # so that it follows
        work.sign.set()

        assert leader.exception() is failure
        assert follower.exception() is failure


def test_a_hasty_leader_does_not_fail_the_patient(flights: SingleFlight[str, str]) -> None:
    """A follower with time left asks for itself when only the leader's time ran out."""
    work = Work(fails=UpstreamUnavailable(upstream="characters", reason="deadline"))
    with ThreadPoolExecutor() as pool:
        leader = pool.submit(flights.run, "k", work, deadline=Deadline.after(0.1))
        assert work.begun.wait(10)
        follower = pool.submit(flights.run, "k", lambda: "own", deadline=Deadline.after(10))
        threading.Event().wait(0.1)  # so that it follows
        work.sign.set()

        assert isinstance(leader.exception(), UpstreamUnavailable)
        assert follower.result() == "own"


@pytest.mark.parametrize(("seconds", "reason"), [(0.1, "deadline"), (10, "bulkhead_full")])
def test_followers_do_not_wait_for_ever(
    flights: SingleFlight[str, str],
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    reason: str,
) -> None:
    """A follower leaves at its own deadline, or when its patience ends."""
    monkeypatch.setattr(flight, "PATIENCE", 0.3)
    work = Work()
    with ThreadPoolExecutor() as pool:
        leader = pool.submit(flights.run, "k", work, deadline=Deadline.after(10))
        assert work.begun.wait(10)
        try:
            with pytest.raises(UpstreamUnavailable) as caught:
                flights.run("k", work, deadline=Deadline.after(seconds))
        finally:
            work.sign.set()

        assert caught.value.reason == reason
        assert leader.result() == "done"
    assert work.times == 1
