"""`manage.py breaker`: the circuit breakers of all processes, seen and moved by hand."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from redis.exceptions import RedisError
from rich.table import Table
from rich.text import Text

from conversations.management.teaching import ServerAway, TeachingCommand, console_of
from integrations.breakers import (
    BREAKERS,
    GUARDED,
    close,
    force_open,
    in_words,
    list_breakers,
    state_of,
)
from integrations.resilience.marks import Mark
from integrations.resilience.shared import connect_redis

STYLES = {"closed": "green", "half-open": "yellow", "open": "bold red", "held open": "bold red"}
NARROWEST = 100  # columns of a table that goes into a file or a pipe

DESCRIPTION = """\
A breaker stands before each service that this one calls. It opens by itself when calls fail or are
slow; then nobody is kept waiting for an answer that will not come. What it may say:

  closed      calls pass
  open        no calls until its time is over; callers get the fallback or a 503 at once
  half-open   the next request that needs the service is let through as a probe, one at a time
              over all processes: it closes the breaker, or opens it anew
  held open   open by `breaker open`, until `breaker close`

Every web process and worker follows within a second. Window, last error and latency are in
/health, and upstream_breaker_state in /metrics.
"""
EXAMPLES = """\
examples:
  manage.py breaker list               what all processes know
  manage.py breaker open characters    before maintenance of the Characters Service
  manage.py breaker close characters   after it; also closes one that opened by itself
"""


class Command(TeachingCommand):
    """List, open and close breakers."""

    help = "Show the circuit breakers, hold one open, or close it, in every process at once."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("list", help="show every breaker")
        for action, text in (
            ("open", "make no calls, in any process, until it is closed"),
            ("close", "let calls pass again, whatever opened it"),
        ):
            names = actions.add_parser(action, help=text)
            names.add_argument("name", choices=BREAKERS, metavar="NAME", help=", ".join(BREAKERS))

    def handle(self, **options: Any) -> None:
        """Run the action, then show the breakers; raises CommandError, which exits with 1."""
        redis = connect_redis(settings.CONFIG.redis_url)
        try:
            if options["action"] == "open":
                force_open(redis, name=options["name"])
            if options["action"] == "close":
                close(redis, name=options["name"])
            marks = list_breakers(redis)
        except RedisError as error:
            raise ServerAway(
                f"Redis cannot be reached ({type(error).__name__}): is REDIS_URL right? Until it "
                "is back each process has breakers of its own; /health shows them."
            ) from None
        finally:
            redis.close()
        self._show(marks, options)

    def _show(self, marks: Mapping[str, Mark], options: Mapping[str, Any]) -> None:
        table = Table("breaker", "state", "guards the calls to")
        for name, mark in marks.items():
            state = Text(in_words(mark), style=STYLES[state_of(mark)])
            table.add_row(name, state, GUARDED[name])
        console = console_of(options, narrowest=NARROWEST)
        console.print(table)
