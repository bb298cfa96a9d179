"""What plugins may add to a conversation's metadata."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from conversations.plugins.hook import Hook

OURS = frozenset({"last_activity", "message_count"})
MOST_MEMBERS = 20  # of one conversation, by all plugins together
MOST_BYTES = 1024  # of these members as JSON
LONGEST_TEXT = 256  # characters
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_SCALARS = (str, int, float, bool, type(None))


class InvalidMetadata(Exception):
    """A plugin returned what cannot be stored; the message names the fault, not the content."""


def added(metadata: Mapping[str, Any], answers: Iterable[tuple[Hook, Any]]) -> dict[str, Any]:
    """Return the members that plugins add to `metadata`; of two with one name the later.

    An answer that breaks a rule is left out as a whole.
    """
    taken: dict[str, Any] = {}
    for hook, answer in answers:
        try:
            together = {**metadata, **taken, **_checked(answer)}
            _check_size({name: value for name, value in together.items() if name not in OURS})
        except InvalidMetadata as fault:
            hook.count("invalid")
            hook.warn("plugin returned invalid metadata", reason=str(fault))
        else:
            hook.count("ok")
            taken.update(answer)
    return taken


def _checked(answer: Any) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise InvalidMetadata(f"not a mapping but {type(answer).__name__}")
    for name, value in answer.items():
        if not isinstance(name, str) or not NAME.match(name):
            raise InvalidMetadata("a name that is not lower_case, of up to 64 characters")
        if name in OURS:
            raise InvalidMetadata(f"{name} is the service's own")
        if type(value) not in _SCALARS or (isinstance(value, float) and not math.isfinite(value)):
            raise InvalidMetadata(f"{name} is no JSON scalar but {type(value).__name__}")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise InvalidMetadata(f"{name} is longer than {LONGEST_TEXT} characters")
    return answer


def _check_size(members: Mapping[str, Any]) -> None:
    if len(members) > MOST_MEMBERS:
        raise InvalidMetadata(f"more than {MOST_MEMBERS} members")
    try:
        size = len(orjson.dumps(members, option=orjson.OPT_STRICT_INTEGER))
    except TypeError:  # lone surrogates, or integers past 53 bits
        raise InvalidMetadata("not to be written as JSON") from None
    if size > MOST_BYTES:
        raise InvalidMetadata(f"more than {MOST_BYTES} bytes")
