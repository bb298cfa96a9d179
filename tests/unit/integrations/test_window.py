"""The rolling window, on a clock of the test's own, and the rule that reads it."""

from hypothesis import given
from hypothesis import strategies as st

from integrations.resilience.storage import Rule
from integrations.resilience.window import RollingWindow, Votes

RULE = Rule(threshold=5, reset_timeout=60, slow_after=5)


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_it_sums_what_was_recorded() -> None:
    """Failed and slow are counted apart, and a vote can be both."""
    window = RollingWindow(clock=_Clock())
    window.record(failed=True, slow=True)
    window.record(failed=True, slow=False)
    window.record(failed=False, slow=False)

    assert window.votes() == Votes(total=3, failed=2, slow=1)


def test_it_forgets_what_is_older_than_the_window() -> None:
    """A vote counts for a minute, to within one slice, and not longer."""
    clock = _Clock()
    window = RollingWindow(clock=clock)
    window.record(failed=True, slow=False)

    clock.now += 54
    assert window.votes().failed == 1
    clock.now += 6
    assert window.votes() == Votes()


def test_it_forgets_everything_when_cleared() -> None:
    """Nothing recorded before counts afterwards."""
    window = RollingWindow(clock=_Clock())
    window.record(failed=True, slow=True)

    window.clear()

    assert window.votes() == Votes()


@given(st.lists(st.tuples(st.floats(0, 20), st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_it_agrees_with_a_list_of_all_votes(events: list[tuple[float, bool, bool]]) -> None:
    """Every vote of the last 55 s counts, and none that is older than 60 s."""
    clock = _Clock()
    window = RollingWindow(clock=clock)
    failures: list[float] = []
    for pause, failed, slow in events:
        clock.now += pause
        window.record(failed=failed, slow=slow)
        failures += [clock.now] * failed

    ages = [clock.now - moment for moment in failures]
    assert sum(age < 55 for age in ages) <= window.votes().failed <= sum(age < 60 for age in ages)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_rule_needs_a_number_and_a_rate(failed: int, slow: int, fine: int) -> None:
    """It takes the threshold, and at least half of the votes, of either kind."""
    total = max(failed, slow) + fine

    broken = RULE.broken_by(Votes(total=total, failed=failed, slow=slow))

    assert broken == any(count >= 5 and count / total >= 0.5 for count in (failed, slow))
