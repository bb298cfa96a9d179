"""What a plugin may add to the metadata: few small scalars, none of the service's own."""

import math
from typing import Any

import pytest

from tests.doubles.plugins import Asking, asked, calls, new_document, plugins_of, somebody

INVALID: dict[str, Any] = {
    "no mapping": ["a"],
    "the service's own": {"message_count": 7},
    "the service's own time": {"last_activity": "2026-01-01T00:00:00.000Z"},
    "a path": {"a.b": 1},
    "an operator": {"$set": 1},
    "a number for a name": {1: 1},
    "a name too long": {"n" * 65: 1},
    "a list": {"scores": [1]},
    "bytes": {"raw": b"1"},
    "no number": {"score": math.nan},
    "a number past 53 bits": {"score": 2**53},
    "half a character": {"text": "\ud800"},
    "a long text": {"text": "x" * 257},
    "many": {f"n{number}": 1 for number in range(21)},
    "much": {f"n{number}": "x" * 250 for number in range(5)},
}


@pytest.mark.parametrize("answer", INVALID.values(), ids=INVALID.keys())
def test_it_leaves_out_an_answer_that_breaks_a_rule(
    answer: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """As a whole, and told of without its content; what others answer holds."""
    before = calls("broken", "before_create", "invalid")
    broken = Asking(lambda: {**answer, "text2": "hush"} if isinstance(answer, dict) else answer)
    assert asked(plugins_of(broken=broken, fine=Asking(lambda: {"fine": 1}))) == {"fine": 1}
    assert calls("broken", "before_create", "invalid") == before + 1
    said = capfd.readouterr().out
    assert '"plugin":"broken"' in said
    assert "hush" not in said


def test_it_takes_every_kind_of_scalar() -> None:
    """Up to the limits."""
    answer = {"n" * 64: "x" * 256, "a1": 2**53 - 1, "b_2": -0.5, "c": True, "d": None}
    assert asked(plugins_of(fine=Asking(lambda: answer))) == answer


def test_it_counts_what_the_conversation_has_already() -> None:
    """Plugins cannot make a conversation grow with every change."""
    document = new_document()
    document["metadata"].update({f"n{number}": 1 for number in range(20)})
    more = plugins_of(greedy=Asking(lambda: {"one_more": 1}), fair=Asking(lambda: {"n1": 2}))
    assert more.before_create(document, caller=somebody()) == {"n1": 2}
