import pytest

from integrations.resilience.bulkhead import Bulkhead
from integrations.resilience.deadline import Deadline
from integrations.resilience.outcome import BulkheadFull


def soon() -> Deadline:
    return Deadline.after(5)


def test_it_lets_in_as_many_as_it_has_slots() -> None:
    """The third of two is refused."""
    bulkhead = Bulkhead(name="auth", size=2, max_wait=0.05)

    with (
        bulkhead.slot(deadline=soon()),
        bulkhead.slot(deadline=soon()),
        pytest.raises(BulkheadFull),
        bulkhead.slot(deadline=soon()),
    ):
        pass


def test_a_slot_comes_back_after_an_error() -> None:
    """Whatever happens inside, the slot is free afterwards."""
    bulkhead = Bulkhead(name="auth", size=1, max_wait=0.05)
    for _ in range(3):
        with pytest.raises(KeyError), bulkhead.slot(deadline=soon()):
            raise KeyError

    with bulkhead.slot(deadline=soon()):
        pass


def test_it_does_not_wait_past_the_deadline() -> None:
    """A caller without time left is refused at once, even if the bulkhead would be patient."""
    bulkhead = Bulkhead(name="auth", size=1, max_wait=3600)

    with (
        bulkhead.slot(deadline=soon()),
        pytest.raises(BulkheadFull),
        bulkhead.slot(deadline=Deadline.after(0.05)),
    ):
        pass
