"""What came of each thing that staff have acted on: one message for each outcome."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from django.contrib import messages
from django.http import HttpRequest
from pymongo.errors import PyMongoError

from conversations.errors import (
    ConversationNotFound,
    JobNotFound,
    NotTheOwner,
    StateConflict,
    TooContended,
)

GONE = "Not there any more"


def act_on_each(
    request: HttpRequest, ids: Iterable[str], act: Callable[[str], bool], *, done: str
) -> None:
    """Call `act` with each id, and tell how it went; `done` is the word for success.

    `act` returns whether it changed anything, and raises what the services raise.
    """
    outcomes: dict[tuple[int, str], list[str]] = defaultdict(list)
    for each in ids:
        outcomes[_outcome(act, each, done=done)].append(each)
    for (level, words), concerned in outcomes.items():
        messages.add_message(request, level, f"{words}: {', '.join(concerned)}")


def tell_of_odd(request: HttpRequest, odd: Sequence[tuple[str, str]]) -> None:
    """Tell which documents are left out, and by which field: nobody shall miss them unknowingly."""
    if odd:
        named = ", ".join(f"{each} ({field})" for each, field in odd)
        text = f"{len(odd)} malformed left out, each with a field that is amiss: {named}"
        messages.warning(request, text)


def tell_of_gone(request: HttpRequest, ids: Sequence[str]) -> None:
    """Tell which of the selected no caller could see."""
    if ids:
        messages.warning(request, f"{GONE}: {', '.join(ids)}")


def _outcome(act: Callable[[str], bool], each: str, *, done: str) -> tuple[int, str]:
    try:
        changed = act(each)
    except StateConflict as error:
        return messages.WARNING, error.detail.rstrip(".")
    except (ConversationNotFound, JobNotFound, NotTheOwner):
        return messages.WARNING, GONE
    except (TooContended, PyMongoError):
        return messages.ERROR, "Failed, and perhaps not changed: look, and try again"
    return (messages.SUCCESS, done) if changed else (messages.INFO, "Unchanged, it was so already")
