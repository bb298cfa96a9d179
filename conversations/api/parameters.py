"""Query parameters, read strictly: each is known, given once, and valid, or the answer is 400."""

from collections.abc import Callable, Collection
from typing import TypeVar
from urllib.parse import unquote, unquote_to_bytes

from django.http import QueryDict

from conversations.api.serializers.strict import MAX_FAULTS
from conversations.errors import Fault, InvalidInput

Value = TypeVar("Value")
OWNER = "user_id"


def check_known(
    query: QueryDict,
    *,
    known: Collection[str],
    repeatable: Collection[str] = (),
    takes_owner: bool = True,
) -> None:
    """Raise InvalidInput for a parameter that is not known, or is given twice but for `repeatable`.

    With `takes_owner`, `user_id` is known too: see callers.py.
    """
    faults = [
        Fault(parameter=_safe(name), code="unknown_parameter", detail="There is no such parameter.")
        for name in query
        if name not in known and not (takes_owner and name == OWNER)
    ] or [
        Fault(parameter=name, code="repeated_parameter", detail="Give this parameter once.")
        for name, values in query.lists()
        if len(values) > 1 and name not in repeatable
    ]
    if faults:
        raise InvalidInput(faults[:MAX_FAULTS])


def check_encoding(query_string: str) -> None:
    """Raise InvalidInput if a query string is not UTF-8: it would be read as another one."""
    for part in query_string.split("&") if "%" in query_string else ():
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            name = _safe(unquote(part.partition("=")[0]))
            fault = Fault(parameter=name, code="invalid_encoding", detail="Must be UTF-8.")
            raise InvalidInput([fault]) from None


def _safe(name: str) -> str:
    """Return a parameter's name fit to be answered with."""
    return name[:64].encode("utf-8", "replace").decode()


def read(query: QueryDict, name: str, parse: Callable[[str], Value], *, default: Value) -> Value:
    """Return a parameter parsed, or `default`; `parse` raises ValueError with the detail."""
    text = query.get(name)
    if text is None:
        return default
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInput([Fault(parameter=name, code="invalid", detail=str(error))]) from None


def whole_number(*, lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser of decimal digits between two bounds, inclusive."""

    def parse(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004
            number = int(text)
            if lowest <= number <= highest:
                return number
        raise ValueError(f"Must be a whole number from {lowest} to {highest}.")

    return parse


def one_of(choices: dict[str, Value]) -> Callable[[str], Value]:
    """Return a parser of one of the keys."""

    def parse(text: str) -> Value:
        if text not in choices:
            raise ValueError(f"Must be one of {', '.join(choices)}.")
        return choices[text]

    return parse


boolean = one_of({"true": True, "false": False})
