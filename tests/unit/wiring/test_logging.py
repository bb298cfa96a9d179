"""Log lines: their form, and what is kept out of them."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog

from conversation_service.tracebacks import exception_text

SECRET = "Sw0rdfish"
SETUP = """
import logging, structlog
from conversation_service.logging import logging_config
logging_config(level="DEBUG", service="s")
log = structlog.get_logger("conversations.test")
"""
log = structlog.get_logger("conversations.test")


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> "Lines":
    capfd.readouterr()
    return Lines(capfd)


class Lines:
    """What was written to stdout since the last look."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def read(self) -> list[dict[str, Any]]:
        """Return them parsed: a line that is not JSON fails the test."""
        return [json.loads(line) for line in self._capfd.readouterr().out.splitlines()]


def raise_content() -> None:
    int(SECRET)


def test_our_lines_and_those_of_libraries_have_the_same_fields(lines: Lines) -> None:
    """One form for whoever collects them."""
    log.warning("ours")
    logging.getLogger("some.library").warning("theirs %s", 1)
    ours, theirs = lines.read()
    assert list(ours) == list(theirs)
    assert (ours["event"], theirs["event"]) == ("ours", "theirs 1")
    assert (ours["logger"], theirs["logger"]) == ("conversations.test", "some.library")


def test_an_exception_is_one_string_with_no_message_of_unknown_content(lines: Lines) -> None:
    """int() quotes what it was given, and so do many."""
    try:
        raise_content()
    except ValueError:
        log.exception("failed")
        logging.getLogger("some.library").exception("failed")
    for line in lines.read():
        assert line["level"] == "error"
        assert "raise_content" in line["exception"]
        assert line["exception"].endswith("ValueError")
        assert SECRET not in line["exception"]


def test_an_exception_shows_what_led_to_it() -> None:
    """The cause first, and the messages that hold no content."""
    try:
        try:
            raise_content()
        except ValueError as error:
            raise ConnectionRefusedError(111, "Connection refused") from error
    except OSError as error:
        text = exception_text(error)
    assert text.index("ValueError") < text.index("ConnectionRefusedError: [Errno 111]")


def test_a_group_of_endless_causes_ends() -> None:
    """A chain that bites its own tail is followed once."""
    first, second = ValueError(), TypeError()
    first.__cause__, second.__cause__ = second, first
    assert exception_text(first).count("Traceback") == 2


def test_extra_fields_of_libraries_are_left_out(lines: Lines) -> None:
    """Django hangs whole requests on its records."""
    logging.getLogger("django.request").error("oops", extra={"request": SECRET})
    logging.getLogger("some.library").warning("oops", extra={"body": SECRET})
    (line,) = lines.read()
    assert SECRET not in str(line)


def test_a_tasks_arguments_and_result_are_left_out(lines: Lines) -> None:
    """Celery writes them into its messages."""
    context = {"name": "tidy", "id": "1", "return_value": SECRET, "args": SECRET, "exc": SECRET}
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s] %(return_value)s %(args)s %(exc)s", context
    )
    (line,) = lines.read()
    assert line["event"] == "Task tidy[1] - - -"


def test_values_that_json_does_not_know_show_their_type(lines: Lines) -> None:
    """Never their repr; and a lone surrogate does not stop the line."""
    log.info("odd", value=Path(SECRET), text="\ud800", number=2**70)
    (line,) = lines.read()
    assert line["value"] == "<PosixPath>"
    assert line["number"] == 2**70


def test_a_record_that_cannot_be_formatted_stops_nobody() -> None:
    """Nor are its arguments printed, to stdout or to stderr."""
    ended = run(f"{SETUP}logging.getLogger('some.library').warning('%d', {SECRET!r})\n")
    line = json.loads(ended.stdout)
    assert line["event"] == "unreadable record"
    assert line["logger"] == "some.library"
    assert ended.stderr == b""


@pytest.mark.parametrize(
    "name", ["pymongo.command", "urllib3.connectionpool", "django.db.backends", "some.library"]
)
def test_debug_lines_of_libraries_are_never_written(name: str) -> None:
    """They hold documents, queries and URLs: also with LOG_LEVEL=DEBUG."""
    ended = run(f"{SETUP}logging.getLogger({name!r}).debug('theirs')\nlog.debug('ours')\n")
    assert [json.loads(line)["event"] for line in ended.stdout.splitlines()] == ["ours"]


def test_a_reader_that_has_gone_away_stops_nobody() -> None:
    """A line is lost, a request is not."""
    code = (
        f"{SETUP}import sys; sys.stdin.readline()\n"
        "log.info('into the void'); print('done', file=sys.stderr)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(b"\n", timeout=60)
    assert errors.strip() == b"done"
    assert process.returncode == 0


def run(code: str) -> "subprocess.CompletedProcess[bytes]":
    """Run Python code in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
