"""Exceptions as text for the log: where it happened, and only messages that hold no content.

The message of an exception often quotes the value at fault (`invalid literal for int(): '…'`, a
duplicate key's document), and that may be what somebody wrote in a conversation.
"""

import traceback

from pymongo.errors import ConnectionFailure
from redis.exceptions import ConnectionError as RedisConnectionError

MESSAGES_SHOWN = (
    AttributeError,
    ConnectionFailure,
    ImportError,
    NameError,
    OSError,
    RedisConnectionError,
    TypeError,
)
"""Types whose messages speak of code and addresses, never of data."""

_LONGEST = 16_000  # characters; a recursion error has a thousand frames


def exception_text(error: BaseException) -> str:
    """Return the tracebacks of `error` and of what led to it, oldest first, as one string."""
    text = "\n".join(_one(link) for link in reversed(_chain(error)))
    return text if len(text) <= _LONGEST else "…" + text[-_LONGEST:]


def _chain(error: BaseException) -> list[BaseException]:
    """Return `error`, what it was raised from, and so on."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    message = f": {error}" if isinstance(error, MESSAGES_SHOWN) else ""
    return f"Traceback (most recent call last):\n{frames}{name}{message}"
