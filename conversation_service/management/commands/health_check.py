"""`manage.py health_check`: what `/health` tells, for scripts and people without HTTP."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from rich.table import Table
from rich.text import Text

from conversation_service.health_report import Unready, health_report, unready
from conversation_service.probes import HEALTHY, UNHEALTHY
from conversations.management.teaching import ServerAway, TeachingCommand, console_of

STYLES = {"healthy": "green", "degraded": "yellow", "unhealthy": "bold red"}
NARROWEST = 120  # columns of a table that goes into a file or a pipe
DEGRADED_CODE, UNHEALTHY_CODE = 1, 2  # exit codes

DESCRIPTION = """\
Ask every dependency, as /health does, from where this command runs and with its environment: it
says whether they are reached from here, not whether a web process serves. Takes about a second.

exit codes: 0 all are well; 1 degraded: requests are served, some slower or not all (docs/
behaviour-under-failure.md says which); 2 no request can be served: the database does not answer, or
lacks its unique indexes. Nothing was asked with 64, an option is wrong; 78, a variable of the
environment is wrong; 130, stopped
"""
EXAMPLES = """\
examples:
  manage.py health_check                                        a table
  manage.py health_check --json | jq .dependencies.outbox       how much waits for the broker
  while manage.py health_check >/dev/null; [ $? -eq 2 ]; do sleep 1; done
                                                                wait while no request can be served
"""


class Command(TeachingCommand):
    """Report on the dependencies, with an exit code."""

    help = "Ask the dependencies whether they are well; exits with 0, 1 (degraded) or 2 (unready)."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="the body of /health, and `ready`")

    def handle(self, **options: Any) -> None:
        """Print the report; raises CommandError with the exit codes of the help text."""
        report, why = health_report(), _unready()
        if why is not None:
            report["status"] = UNHEALTHY
        if options["json"]:
            body = {**report, "ready": why is None}
            self.stdout.write(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
        else:
            _show(report["dependencies"], options)
        if why is not None:
            fault = ServerAway if why.code == "database_unavailable" else CommandError
            raise fault(f"unready: {why.detail}", returncode=UNHEALTHY_CODE)
        if report["status"] != HEALTHY:
            raise CommandError("degraded: see above.", returncode=DEGRADED_CODE)


def _unready() -> Unready | None:
    try:
        return unready()
    except PyMongoError as error:  # between two looks at it
        return Unready(code="database_unavailable", detail=type(error).__name__)


def _show(dependencies: Mapping[str, Mapping[str, Any]], options: Mapping[str, Any]) -> None:
    table = Table("dependency", "status", "latency", "more")
    for name, report in dependencies.items():
        status, latency = report["status"], report.get("latency_ms")
        more = {key: value for key, value in report.items() if key not in ("status", "latency_ms")}
        table.add_row(
            name,
            Text(status, style=STYLES[status]),
            "" if latency is None else f"{latency} ms",
            _in_words(more),
        )
    console = console_of(options, narrowest=NARROWEST)
    console.print(table)


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_in_words(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_in_words, value))
    return "none" if value is None else str(value)
