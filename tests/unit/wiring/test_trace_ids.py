"""Trace ids of the platform, and of W3C Trace Context."""

import re

import pytest
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

from conversations.trace_ids import event_traceparent, is_sampled, w3c_trace_id

W3C = "4bf92f3577b34da6a3ce929d0e0e4736"
EVENT = {"event_id": "9f1c2b3a4d5e6f708192a3b4c5d6e7f8", "trace_id": W3C}


@pytest.mark.parametrize("shown", [W3C, "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", W3C.upper()])
def test_digits_enough_are_the_id_themselves(shown: str) -> None:
    """With or without the dashes of a UUID."""
    assert w3c_trace_id(shown) == W3C


@pytest.mark.parametrize("shown", ["order-7", "0" * 32, W3C[1:], f"{W3C}0"])
def test_another_shape_leads_to_an_id_of_its_own(shown: str) -> None:
    """Well-formed, always the same, and never the zeros that W3C forbids."""
    derived = w3c_trace_id(shown)
    assert re.fullmatch("[0-9a-f]{32}", derived)
    assert set(derived) != {"0"}
    assert derived == w3c_trace_id(shown) != w3c_trace_id(f"{shown}-")


@pytest.mark.parametrize("ratio", [0.0, 0.25, 0.6, 1.0])
def test_it_chooses_the_traces_that_opentelemetry_chooses(ratio: float) -> None:
    """So that a request, its events and other services agree."""
    theirs = TraceIdRatioBased(ratio)
    for number in range(200):
        trace_id = w3c_trace_id(f"trace {number}")
        decision = theirs.should_sample(None, int(trace_id, 16), "").decision
        assert is_sampled(trace_id, ratio=ratio) is (decision == Decision.RECORD_AND_SAMPLE)


def test_an_event_has_a_traceparent_that_a_repeat_has_too() -> None:
    """The parent is named after the event."""
    assert event_traceparent(EVENT, ratio=1) == f"00-{W3C}-9f1c2b3a4d5e6f70-01"
    assert event_traceparent(EVENT, ratio=0) == f"00-{W3C}-9f1c2b3a4d5e6f70-00"
