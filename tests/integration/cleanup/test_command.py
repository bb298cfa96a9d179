"""`manage.py cleanup`: to the end, or only counted."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect

from conversations.dependencies import utc_now
from conversations.repository.database import collection
from conversations.services.cleanup.orphans import deep_orphan_chores
from tests.client import ApiClient
from tests.integration.cleanup.test_conversations import is_there, put_away, set_fields

KINDS = ["trash", "expired", "log", "erased", "shell", "events", "content"]


@pytest.fixture(autouse=True)
def nothing_else_is_over(database: None) -> None:
    """Forget what other tests have left."""
    collection("conversations").delete_many({"status": "deleted"})
    collection("conversations").delete_many({"expires_at": {"$lt": utc_now()}})
    for chore in deep_orphan_chores(now=utc_now()):
        chore.do()


def run(*words: str) -> dict[str, list[int]]:
    """Return the numbers that the table shows for each kind."""
    output = StringIO()
    call_command("cleanup", *words, stdout=output)
    rows = re.findall(
        r"^│ (\w+) +│ [^│]* │ ([^│]+)(?:│ ([^│]+))?│$", output.getvalue(), re.MULTILINE
    )
    return {kind: [int(number) for number in numbers if number] for kind, *numbers in rows}


def test_it_only_counts_in_a_dry_run(api: ApiClient) -> None:
    """Nothing is changed by it."""
    trashed, expired = [put_away(api) for _ in range(3)], api.create()
    set_fields(expired, expires_at=utc_now() - timedelta(seconds=1))
    counted = run("--dry-run")
    assert list(counted) == KINDS
    assert counted["trash"] == [3]
    assert counted["expired"] == [1]
    assert all(is_there(api, each) for each in trashed)
    assert run("--dry-run") == counted


def test_it_cleans_up_to_the_end(api: ApiClient) -> None:
    """And finds nothing the next time."""
    trashed = [put_away(api) for _ in range(3)]
    assert run()["trash"] == [3, 3]
    assert not any(is_there(api, each) for each in trashed)
    assert run()["trash"] == [0, 0]


def test_it_does_what_is_asked_for_and_no_more(api: ApiClient) -> None:
    """The trash is not the log's business."""
    kept = put_away(api)
    assert list(run("log", "expired")) == ["log", "erased", "expired"]
    assert is_there(api, kept)


def test_it_says_what_it_does_not_know(database: None) -> None:
    """With what it does."""
    with pytest.raises(CommandError, match="trash, expired, log, orphans"):
        call_command("cleanup", "rubbish")


def test_it_says_in_one_line_that_the_database_failed(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done stays done."""

    def fail(*_arguments: object, **_named: object) -> None:
        raise AutoReconnect("mongodb://user:hush@host")

    monkeypatch.setattr(Collection, "find", fail)
    with pytest.raises(CommandError, match=r"AutoReconnect.*run it again") as caught:
        call_command("cleanup", "trash")
    assert "hush" not in str(caught.value)
