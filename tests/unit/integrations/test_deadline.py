from integrations.resilience.deadline import Deadline


def test_it_counts_down() -> None:
    """What remains is at most what was given, and shrinks."""
    deadline = Deadline.after(60)
    first = deadline.remaining()

    assert 50 < deadline.remaining() <= first <= 60
    assert not deadline.expired


def test_it_never_goes_below_zero() -> None:
    """A deadline in the past leaves nothing, not less."""
    deadline = Deadline.after(-5)

    assert deadline.remaining() == 0
    assert deadline.expired
