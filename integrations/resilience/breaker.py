"""A circuit breaker in front of one upstream (Nygard, Release It!), by pybreaker.

pybreaker keeps the state machine. What it leaves open is decided beside it: the window that opens
it (storage.py), what other processes know (marks.py), and who may probe. `calling()` is used,
never `call()`: the latter holds a lock while the upstream is called.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import pybreaker

from integrations import metrics
from integrations.resilience.marks import BreakerMarks, Claim, Mark
from integrations.resilience.outcome import BreakerOpen, Inconclusive
from integrations.resilience.shared import SharedMemory
from integrations.resilience.storage import BreakerState, Rule, WindowStorage, retry_after
from integrations.resilience.window import Votes

_LEASE_MARGIN = 5.0  # seconds beyond the time an attempt can take


class Attempt:
    """One attempt, as the breaker sees it."""

    def __init__(self, *, is_probe: bool) -> None:
        self.is_probe = is_probe
        self.votes = True
        self._started = time.monotonic()

    def starts(self) -> None:
        """Start the clock: waiting for a slot of our own is no slowness of the upstream."""
        self._started = time.monotonic()

    def abstains(self) -> None:
        """Cast no vote: the upstream answered, but with a refusal such as 404."""
        self.votes = False

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return time.monotonic() - self._started


class _SlowProbe(Exception):
    """Tells pybreaker that a probe is no reason to close; the answer it got is still good."""


class Breaker:
    """Opens, closes and probes as `rule` says, together with the other processes."""

    def __init__(
        self,
        *,
        name: str,
        rule: Rule,
        longest_attempt: float,
        shared: SharedMemory,
        catch_up: Callable[[], None],
    ) -> None:
        self.marks = BreakerMarks(name=name)
        self._rule = rule
        self._lease = longest_attempt + _LEASE_MARGIN
        self._shared = shared
        self.catch_up = catch_up  # makes sure that the marks are being read
        self._probing = threading.Lock()
        self._storage = WindowStorage(name=name, rule=rule)
        self._circuit = pybreaker.CircuitBreaker(
            name=name,
            fail_max=rule.threshold,
            exclude=[Inconclusive],
            state_storage=self._storage,
            throw_new_error_on_trip=False,
        )

    @property
    def state(self) -> BreakerState:
        """What the next attempt will meet."""
        return self._storage.reported_state

    @property
    def votes(self) -> Votes:
        """The window of this process."""
        return self._storage.window.votes()

    def report(self) -> None:
        """Set the metrics to what holds now."""
        metrics.breaker_stands(
            upstream=self._storage.name, state=self.state, votes=asdict(self.votes)
        )

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """Guard one attempt: an exception other than Inconclusive is a failure.

        Raises BreakerOpen, without running the block, while no attempt may be made.
        """
        self.catch_up()
        claim = self._admit()
        attempt = Attempt(is_probe=claim is not None)
        try:
            with self._circuit.calling(), self._voting(attempt):
                yield attempt
        except pybreaker.CircuitBreakerError as error:  # opened since it was admitted
            raise self._refusal() from error
        except _SlowProbe:
            pass
        finally:
            self._conclude(claim)

    def adopt(self, mark: Mark, *, asked_at: float) -> None:
        """Take over what Redis said at `asked_at`, unless something newer was seen here."""
        if self._storage.changed_at > asked_at:
            return
        if mark.forced:
            self._storage.force_open()
        elif mark.state is None or not self._storage.announced:
            self._storage.unforce()
            self._announce()
        else:
            self._storage.adopt(state=mark.state, seconds_open=mark.seconds_open)

    @contextmanager
    def _voting(self, attempt: Attempt) -> Iterator[None]:
        try:
            yield
        except Inconclusive:
            raise
        except Exception:
            self._vote(failed=True, slow=attempt.seconds >= self._rule.slow_after)
            raise
        slow = attempt.seconds >= self._rule.slow_after
        if attempt.votes:
            self._vote(failed=False, slow=slow)
        self._storage.probe_answered = True
        if attempt.is_probe and slow:
            raise _SlowProbe

    def _vote(self, *, failed: bool, slow: bool) -> None:
        if self._storage.state == pybreaker.STATE_CLOSED:
            self._storage.window.record(failed=failed, slow=slow)

    def _admit(self) -> Claim | None:
        """Return None while closed, or the claim of the one that probes."""
        if self._storage.state == pybreaker.STATE_CLOSED:
            return None
        if self._storage.seconds_open() or not self._probing.acquire(blocking=False):
            raise self._refusal()
        claim = self._claim()
        if claim.verdict == "probe":
            return claim
        self._probing.release()
        if claim.verdict == "closed":
            self._storage.adopt(state="closed")
            return None
        if claim.verdict == "open":
            self._storage.adopt(state="open", seconds_open=claim.seconds_open)
        raise self._refusal()

    def _claim(self) -> Claim:
        if self.state != "half_open":  # another thread's probe has just ended
            return Claim(verdict=self.state, seconds_open=self._storage.seconds_open())
        asked = self._shared.run(lambda redis: self.marks.claim_probe(redis, lease=self._lease))
        return asked or Claim(verdict="probe")  # without Redis, each process for itself

    def _conclude(self, claim: Claim | None) -> None:
        if self._storage.counter:  # slow successes, of which pybreaker knows nothing
            self._circuit.open()
        if claim is not None:
            self._settle(claim)
        elif not self._storage.announced:
            self._announce()

    def _settle(self, claim: Claim) -> None:
        state = self._storage.state
        told = self._shared.run(
            lambda redis: self.marks.settle_probe(
                redis,
                token=claim.token,
                state="" if state == pybreaker.STATE_HALF_OPEN else state,
                seconds=self._seconds_to_announce(),
            )
        )
        self._storage.announced = told or state != pybreaker.STATE_OPEN
        self._probing.release()

    def _announce(self) -> None:
        """Tell the others that it is open, or half-open, here; Redis does not know yet."""
        if self._storage.state == pybreaker.STATE_CLOSED:
            self._storage.announced = True
            return
        seconds = self._seconds_to_announce()
        if self._shared.run(lambda redis: self.marks.opened(redis, seconds=seconds)):
            self._storage.announced = True

    def _seconds_to_announce(self) -> float:
        return min(self._storage.seconds_open(), self._rule.reset_timeout)

    def _refusal(self) -> BreakerOpen:
        return BreakerOpen(retry_after=retry_after(self._storage.seconds_open()))
