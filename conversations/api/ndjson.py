"""Answers that are streamed: a JSON object on each line, and the last one says so.

Each holds a thread of the server until its end, so only some are streamed at a time. The request's
deadline has no say in it: whoever makes the lines bounds its reads.
"""

import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.http import StreamingHttpResponse
from pymongo.errors import PyMongoError
from rest_framework.renderers import BaseRenderer

from conversations.errors import TooManyExports

NDJSON = "application/x-ndjson"
BYTES = "application/octet-stream"
log = structlog.get_logger(__name__)


class NdjsonRenderer(BaseRenderer):
    """Stands for the media type in content negotiation; the lines are written here."""

    media_type = NDJSON
    format = "ndjson"


class BytesRenderer(BaseRenderer):
    """Stands for the same lines, for who accepts nothing narrower."""

    media_type = BYTES
    format = "bytes"


def ndjson_answer(
    batches: Iterator[list[dict[str, Any]]], *, filename: str, media_type: str
) -> StreamingHttpResponse:
    """Return an answer that streams lines, some at a time: a header first, an end last.

    `media_type`, NDJSON or BYTES, is what the caller accepts of the two.

    What fails before the answer begins is raised: TooManyExports, and what the first reads raise.
    After that it is a line of the type `error`, and there is no end.
    """
    body = _body(batches)
    next(body)
    return StreamingHttpResponse(
        body,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


def _body(batches: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    """Yield nothing once the header and the first read are there, then all lines."""
    if not _slots().acquire(blocking=False):
        raise TooManyExports
    try:
        first = [*next(batches), *next(batches)]
        yield b""
        yield _encoded(first)
        yield from _rest(batches)
    finally:
        _slots().release()


def _rest(batches: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    try:
        for lines in batches:
            if lines:
                yield _encoded(lines)
    except PyMongoError as error:
        log.warning("export cut off", reason=type(error).__name__)
        yield _encoded([_error("database_unavailable", "The database cannot answer now.")])
    # The status has been sent: all that is left is to say that this is not the whole.
    except Exception:
        log.exception("export cut off")
        yield _encoded([_error("internal_error", "Something went wrong here.")])


def _error(code: str, detail: str) -> dict[str, Any]:
    return {"type": "error", "code": code, "detail": detail}


def _encoded(lines: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


@lru_cache(maxsize=1)
def _slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(at_once())


def at_once() -> int:
    """Return how many answers one process streams at a time."""
    number: int = settings.CONFIG.exports_at_once
    return number
