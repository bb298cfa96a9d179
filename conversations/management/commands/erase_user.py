"""`manage.py erase_user`: everything that is held about a user goes."""

import sys
import time
from typing import Any

from bson import ObjectId
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import ConnectionFailure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from conversations import dependencies
from conversations.caller import system_caller
from conversations.job import FINISHED, JobState
from conversations.management.teaching import (
    INTERRUPTED,
    ServerAway,
    TeachingCommand,
    UsageError,
    check_user,
)
from conversations.repository.database import Document
from conversations.services.erasure import NOBODY, start_erasure
from conversations.services.jobs.read import get_job
from conversations.services.jobs.run import run_slice

ACTOR = "system:erase_user"
STARTING = 10.0  # seconds
LOOK_EVERY = 0.5  # seconds, while a worker has the job

DESCRIPTION = """\
Erase everything that this service holds about USER: conversations in every state, expired ones and
the trash included, what the event log has of them, kept answers of Idempotency-Keys, and jobs.
Consumers of events are told by user.erased. It cannot be undone.

Revoke the user's tokens first: who still writes is erased again, and again, and then it fails.

It is a job like any other. It is worked on here until it has ended, together with the workers; if
this command is stopped they go on alone, and the same command joins in again. What it prints at the
end is the receipt, which holds no personal data: keep it if you must account for the erasure.
"""
EXAMPLES = """\
examples:
  manage.py erase_user maria             asks, then erases and prints the receipt
  manage.py erase_user maria --yes       does not ask
  manage.py erase_user maria --no-wait   prints the job's id at once; GET /api/v1/jobs/ID tells more

exit codes: 0 erased, or left to the workers, or not after all (the answer was no); 1 the job has
failed or was cancelled (its id and the reason are told), or the database failed; 64 an option is
wrong or lacks; 78 a variable of the environment is wrong; 130 stopped, the workers go on
"""


class Command(TeachingCommand):
    """Erase a user."""

    help = "Erase everything that is held about a user. It cannot be undone."
    description = DESCRIPTION
    examples = EXAMPLES

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("user", metavar="USER", help="the user_id of the tokens")
        parser.add_argument(
            "--yes",
            "--noinput",
            "--no-input",
            action="store_true",
            help="do not ask; needed where no one can answer",
        )
        parser.add_argument("--no-wait", action="store_true", help="leave it to the workers")

    def handle(self, **options: Any) -> str:
        """Return the receipt, or the job's id; raises CommandError, which exits with 1."""
        check_user(options["user"])
        if not (options["yes"] or self._agreed()):
            return "Nothing was erased."
        job_id = None
        try:
            job_id = _start(options["user"])["_id"]
            if options["no_wait"]:
                return str(job_id)
            return _told(self._finished(job_id))
        except KeyboardInterrupt:
            raise CommandError(_stopped(job_id), returncode=INTERRUPTED) from None
        except ConnectionFailure:
            raise ServerAway(
                "The database cannot be reached: is MONGODB_URL right? What was begun goes on "
                "when it is back."
            ) from None

    def _agreed(self) -> bool:
        if not sys.stdin.isatty():
            raise UsageError("Will not erase unasked: no terminal here, and no --yes.")
        question = "Erase everything about this user? It cannot be undone. [y/N] "
        return input(question).strip().lower() in {"y", "yes"}

    def _finished(self, job_id: ObjectId) -> Document:
        """Work on the job until it has ended, showing how far it is."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        ) as progress:
            shown = progress.add_task("conversations", total=None)
            while (job := get_job(job_id=job_id, owner=None))["state"] not in FINISHED:
                done, total = job["progress"]["done"], job["progress"]["total"]
                progress.update(shown, completed=done, total=total)
                if not run_slice(job_id=job_id, clock=dependencies.get().clock):
                    time.sleep(LOOK_EVERY)
        return job


def _start(user_id: str) -> Document:
    caller = system_caller(actor=ACTOR, owner=NOBODY, seconds=STARTING)
    return start_erasure(user_id=user_id, caller=caller, now=dependencies.get().clock())


def _stopped(job_id: ObjectId | None) -> str:
    if job_id is None:
        return "Stopped while the job was being stored: if it was, the workers carry it out."
    return f"Stopped. The workers go on with the job {job_id}; the same command joins in again."


def _told(job: Document) -> str:
    if job["state"] != JobState.SUCCEEDED:
        reasons = " ".join(error["detail"] for error in job["errors"])
        raise CommandError(f"The job {job['_id']} is {job['state']}. {reasons}".rstrip())
    receipt = job["result"]
    lines = [f"receipt   {receipt['receipt_id']}", f"erased    {receipt['erased_at']}"]
    lines += [
        f"{number:>8}  {kind.replace('_', ' ')}" for kind, number in receipt["erased"].items()
    ]
    return "\n".join(lines)
