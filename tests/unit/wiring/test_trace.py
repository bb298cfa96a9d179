"""The trace of a request: what is taken from the caller, and what is passed on."""

import re

import pytest

from conversation_service.trace import begin_trace, current_trace_id, trace_headers

W3C = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
HEX_32 = re.compile("[0-9a-f]{32}")


def test_it_begins_a_new_trace_where_none_was_sent() -> None:
    """Each one is different."""
    first, second = begin_trace(), begin_trace()
    assert HEX_32.fullmatch(first.trace_id)
    assert first.trace_id != second.trace_id
    assert first.traceparent.split("-")[1] == first.trace_id


def test_the_platforms_header_comes_before_w3c() -> None:
    """It is the id that people search for."""
    trace = begin_trace(trace_id="Gateway-1", traceparent=f"00-{W3C}-{PARENT}-01")
    assert trace.trace_id == "Gateway-1"
    assert trace.traceparent.startswith(f"00-{W3C}-")


def test_what_is_kept_leads_to_the_w3c_id() -> None:
    """The platform's id where that follows from it; else the id of the trace that is continued."""
    parent = f"00-{W3C}-{PARENT}-01"
    assert begin_trace(trace_id="Gateway-1").kept_id == "Gateway-1"
    assert begin_trace(trace_id=W3C, traceparent=parent).kept_id == W3C
    assert begin_trace(trace_id="Gateway-1", traceparent=parent).kept_id == W3C
    assert begin_trace(trace_id="0" * 31 + "1", traceparent=parent).kept_id == W3C


@pytest.mark.parametrize(("ratio", "flags"), [(0.0, "00"), (1.0, "01")])
def test_it_records_its_part_of_the_traces_that_begin_here(ratio: float, flags: str) -> None:
    """For others the caller has decided."""
    assert begin_trace(ratio=ratio).traceparent.endswith(f"-{flags}")
    for sent in ("00", "01"):
        continued = begin_trace(traceparent=f"00-{W3C}-{PARENT}-{sent}", ratio=ratio)
        assert continued.traceparent.endswith(f"-{sent}")


def test_a_span_of_its_own_follows_the_callers() -> None:
    """What is passed on names this request as the parent, not the caller's."""
    trace = begin_trace(traceparent=f"00-{W3C}-{PARENT}-01")
    version, trace_id, span, flags = trace.traceparent.split("-")
    assert (version, trace_id, flags) == ("00", W3C, "01")
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert span != PARENT


def test_an_id_of_another_shape_has_always_the_same_w3c_id() -> None:
    """So that both kinds of systems find all parts of one trace."""
    first, second = begin_trace(trace_id="abc"), begin_trace(trace_id="abc")
    assert first.traceparent.split("-")[1] == second.traceparent.split("-")[1]
    assert HEX_32.fullmatch(first.traceparent.split("-")[1])


@pytest.mark.parametrize(
    "traceparent",
    [
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{W3C}-{'0' * 16}-01",
        f"ff-{W3C}-{PARENT}-01",
        f"00-{W3C.upper()}-{PARENT}-01",
        f"00-{W3C}-{PARENT}-01\n",
        f"00-{W3C}-{PARENT}",
        f"00-{W3C}-{PARENT}-01-extra",
        f"00-{W3C}-{PARENT}-01-",
        f" 00-{W3C}-{PARENT}-01",
    ],
)
def test_a_broken_traceparent_counts_as_not_sent(traceparent: str) -> None:
    """W3C Trace Context, 3.2.2."""
    assert begin_trace(traceparent=traceparent).trace_id.lower() != W3C


@pytest.mark.parametrize("more", ["", "-", "-what-the-future-brings"])
def test_a_later_version_is_read_as_far_as_it_is_known(more: str) -> None:
    """W3C Trace Context, 3.2.4."""
    assert begin_trace(traceparent=f"01-{W3C}-{PARENT}-01{more}").trace_id == W3C


@pytest.mark.parametrize("sent", ["abc\n", "a\r\nb", "é", "٣", "a" * 65, "0" * 31 + "_"])
def test_a_broken_trace_id_counts_as_not_sent(sent: str) -> None:
    """Above all one that could end a header or a log line."""
    assert HEX_32.fullmatch(begin_trace(trace_id=sent).trace_id)


def test_it_is_what_outgoing_calls_carry() -> None:
    """The same trace id, and a traceparent to it."""
    trace = begin_trace(trace_id="abc")
    assert current_trace_id() == "abc"
    assert trace_headers() == {"X-Trace-Id": "abc", "traceparent": trace.traceparent}
