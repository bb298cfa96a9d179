"""Logs: one JSON object a line on stdout, from this service's code and from every library alike.

Commands of `manage.py` write them to stderr: their stdout is for what they were asked.

No line carries a token, a query string, a body or anything a user wrote. Each has timestamp,
level, event, logger, service and trace_id, with tracing on span_id; the access line has method,
path, endpoint, status, duration_ms and user_id besides, and an exception is one string.
"""

import logging
import logging.config
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from json import dumps as ascii_dumps
from pathlib import Path
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

from conversation_service.tracebacks import exception_text
from conversation_service.tracing import trace_fields

STDOUT, STDERR = 1, 2
BY_COMMAND = Path(sys.argv[0]).name == "manage.py"
OURS = ("conversation_service", "conversations", "integrations")
# Below WARNING these write queries, documents and URLs, a line for every 404 that the access line
# already tells, or two lines for each of the sweeps that beat sends every second.
QUIET = (
    *("pymongo", "urllib3", "requests", "django.db", "django.server", "amqp", "kombu"),
    *("celery.worker.strategy", "celery.app.trace"),
)
# Celery's lines about a task carry its arguments, its result and its exception's message.
_TASK_CONTENT = ("args", "kwargs", "return_value", "exc", "traceback")


def write_line(line: bytes) -> None:
    """Write one line at once.

    A reader that has gone away costs its lines, not the request that wanted to log.
    """
    rest = line + b"\n"
    try:
        while rest:
            rest = rest[os.write(STDERR if BY_COMMAND else STDOUT, rest) :]
    except OSError:
        return


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as RFC 3339, UTC, in milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def render(fields: Mapping[str, Any]) -> bytes:
    """Return the fields as JSON; of a value that JSON does not know, its type's name only."""
    try:
        return orjson.dumps(fields, default=_type_name)
    except TypeError:  # lone surrogates, or integers past 64 bits
        return ascii_dumps(fields, default=_type_name).encode()


def _type_name(value: object) -> str:
    return f"<{type(value).__name__}>"


class LineLogger:
    """Where structlog's lines end: it writes them out, whatever their level."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: bytes) -> None:
        """Write one rendered line."""
        write_line(line)

    debug = info = warning = error = critical = exception = msg


class JsonFormatter(logging.Formatter):
    """Renders the records of the standard library's loggers with the same fields as ours."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON. Its `extra` fields are left out."""
        fields = {
            "timestamp": timestamp(record.created),
            "level": record.levelname.lower(),
            "event": _message(record).strip(),
            "logger": record.name,
            "service": self._service,
            **trace_fields(),
        }
        if record.exc_info and record.exc_info[1]:
            fields["exception"] = exception_text(record.exc_info[1])
        return render(fields).decode()


def _message(record: logging.LogRecord) -> str:
    if isinstance(record.args, Mapping) and record.name.startswith("celery."):
        record.args = {**record.args, **dict.fromkeys(_TASK_CONTENT, "-")}
    return record.getMessage()


class OnlyExceptions(logging.Filter):
    """Lets through the records that tell of an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to write the record."""
        return bool(record.exc_info)


class LineHandler(logging.Handler):
    """Sends the standard library's records the same way out as ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; one that cannot be formatted stops nobody."""
        try:
            line = self.format(record)
        # Arguments can fail in any way; Handler.handleError would print them.
        except Exception:  # noqa: BLE001
            unreadable = {**record.__dict__, "msg": "unreadable record", "args": None}
            line = self.format(logging.makeLogRecord({**unreadable, "exc_info": None}))
        write_line(line.encode(errors="replace"))


class _CommonFields:
    """A structlog processor that adds what every line has, and renders the exception."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        error = event.pop("exc_info", None)
        if error is True:
            error = sys.exc_info()[1]
        fields: EventDict = {
            "timestamp": timestamp(datetime.now(UTC).timestamp()),
            "level": "error" if method == "exception" else method,
            "event": event.pop("event", ""),
            "logger": logger.name,
            "service": self._service,
            **trace_fields(),
            **event,
        }
        if isinstance(error, BaseException):
            fields["exception"] = exception_text(error)
        return fields


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
    return render(event)


def logging_config(level: str, service: str) -> None:
    """Set up this process's logs: `level` is the least that our own code writes.

    Libraries write from INFO upwards whatever the level: their debug lines hold content.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"exceptions": {"()": OnlyExceptions}},
            "formatters": {"json": {"()": JsonFormatter, "service": service}},
            "handlers": {"stdout": {"()": LineHandler, "formatter": "json"}},
            "root": {"handlers": ["stdout"], "level": _at_least("INFO", level)},
            "loggers": {
                **{name: {"level": level} for name in OURS},
                **{name: {"level": _at_least("WARNING", level)} for name in QUIET},
                # Exceptions that nobody handled; the access line tells of all other errors.
                "django.request": {"level": "ERROR", "filters": ["exceptions"]},
                # Quotes what the caller sent; the access line tells of it.
                "django.security": {"level": "CRITICAL"},
                # Warns of each attempt to reach a collector; that spans are lost is an error.
                "opentelemetry": {"level": "ERROR"},
                # Granian gives its loggers handlers of their own before it loads the service.
                "_granian": {"handlers": [], "propagate": True},
                "granian.access": {"handlers": [], "propagate": True},
            },
        }
    )
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[_CommonFields(service), _render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=LineLogger,
        cache_logger_on_first_use=True,
    )


def _at_least(floor: str, level: str) -> str:
    numbers = logging.getLevelNamesMapping()
    return max(floor, level, key=numbers.__getitem__)
