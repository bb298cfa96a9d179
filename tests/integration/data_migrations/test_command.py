"""`manage.py migrate_data`: what it shows, what it leaves alone, and how it ends."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, ExecutionTimeout, NetworkTimeout

from conversations.dependencies import utc_now
from conversations.repository import rewriting
from conversations.repository.database import Document, collection
from conversations.services.migrations import run
from conversations.services.migrations.progress import MOST_ERRORS
from tests.client import ApiClient
from tests.integration.data_migrations.former import (
    import_documents,
    migrate,
    old_document,
    progress,
    raw,
)

NAME = "0001_former_layout"


def everything(user_id: str) -> list[Document]:
    """Return a user's documents, and what is stored of migrations."""
    return [
        *collection("conversations").find({"user_id": user_id}, sort=[("_id", 1)]),
        *collection("data_migrations").find(sort=[("_id", 1)]),
    ]


def test_a_dry_run_tells_what_would_change_and_changes_nothing(api: ApiClient) -> None:
    """Numbers, names of fields, and ids of what cannot be migrated; nothing of what is in them."""
    bad = old_document(api.user_id, status="paused")
    import_documents(*(old_document(api.user_id, title="Hush") for _ in range(3)), bad)
    before = everything(api.user_id)
    code, output = migrate(dry_run=True, batch_size=2)
    assert code == 3
    assert "3 would change, 1 cannot be migrated. Nothing was written." in output
    assert "search_terms" in output
    assert f"1 for status, such as {bad['_id']}" in output
    assert "Hush" not in output
    assert "paused" not in output
    assert everything(api.user_id) == before


def test_it_does_nothing_the_second_time(api: ApiClient) -> None:
    """Not even read."""
    import_documents(old_document(api.user_id))
    assert migrate()[0] == 0
    before = everything(api.user_id)
    assert migrate() == (0, f"{NAME}: done already.\n")
    assert [each for each in everything(api.user_id) if each["_id"] != "lock"] == before[:-1]


def test_it_goes_over_all_again_after_another_import(api: ApiClient) -> None:
    """Those of before are left alone."""
    import_documents(old_document(api.user_id))
    migrate()
    [first] = everything(api.user_id)[:1]
    [second] = import_documents(old_document(api.user_id))
    assert "1 would change" in migrate(dry_run=True)[1]
    code, output = migrate()
    assert code == 0
    assert "was done, and documents came since" in output
    assert ", 1 changed, 0 failed" in output
    assert raw(str(first["_id"])) == first
    assert api.read(second)["version"] == 1


def test_it_goes_over_all_again_when_told_to(api: ApiClient) -> None:
    """Whatever there is."""
    import_documents(old_document(api.user_id))
    migrate()
    code, output = migrate(again=True, only="0001")
    assert code == 0
    assert ", 0 changed, 0 failed" in output


def test_what_takes_too_long_to_see_is_told(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether documents came since an import; nothing is done then."""
    import_documents(old_document(api.user_id))
    migrate()

    def too_slow(**_: Any) -> bool:
        raise ExecutionTimeout("operation exceeded time limit", 50)

    monkeypatch.setattr(rewriting, "is_any", too_slow)
    code, output = migrate()
    assert code == 0
    assert "too many documents to see whether some came since" in output
    assert "done already" in output


def test_what_was_incomplete_is_gone_over_again(api: ApiClient) -> None:
    """Once somebody has mended or removed what could not be migrated."""
    bad = old_document(api.user_id, status="paused")
    import_documents(bad)
    assert migrate()[0] == 3
    collection("conversations").update_one({"_id": bad["_id"]}, {"$set": {"status": "active"}})
    assert migrate()[0] == 0
    assert api.read(str(bad["_id"]))["status"] == "active"


def test_the_status_shows_how_far_each_migration_is(api: ApiClient) -> None:
    """Before, and after, with what could not be migrated."""
    assert "pending" in migrate(status=True)[1]
    bad = old_document(api.user_id, status="paused")
    import_documents(bad, old_document(api.user_id))
    migrate()
    code, output = migrate(status=True)
    assert code == 0
    [row] = [line for line in output.splitlines() if line.startswith(f"│ {NAME}")]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells[1] == "incomplete"
    assert cells[4:6] == ["1", "1"]
    assert f"{bad['_id']}  status" in output


def test_it_keeps_a_bounded_number_of_errors_and_counts_all(api: ApiClient) -> None:
    """A document of 16 MB must not come of it."""
    number = MOST_ERRORS + 5
    import_documents(*(old_document(api.user_id, status="paused") for _ in range(number)))
    assert migrate(batch_size=40)[0] == 3
    assert progress()["failed"] == number
    assert len(progress()["errors"]) == MOST_ERRORS
    assert all(error.keys() == {"id", "code"} for error in progress()["errors"])


def test_a_fault_in_one_document_does_not_stop_the_others(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is, it is told by its kind."""

    def broken(value: Any) -> list[str]:
        if value == ["fault"]:
            raise RecursionError
        return []

    monkeypatch.setattr("conversations.data_migrations.leniency.tags", broken)
    bad, good = import_documents(
        old_document(api.user_id, tags=["fault"]), old_document(api.user_id)
    )
    code, output = migrate()
    assert (code, f"{bad}  RecursionError" in output) == (3, True)
    assert api.read(good)["version"] == 1


def test_it_leaves_no_event_unless_asked(api: ApiClient) -> None:
    """200,000 of them would keep consumers busy for what they may not need."""
    silent = old_document(api.user_id)
    import_documents(silent)
    migrate()
    told = old_document(api.user_id)
    import_documents(told)
    migrate(again=True, announce=True)
    assert raw(str(silent["_id"]))["pending_events"] == []
    [event] = api.get(f"/conversations/{told['_id']}/history").json["results"]
    assert event["event_type"] == "conversation.created"
    assert event["actor"] == "system:migrate_data"
    assert event["sequence"] == 1
    assert event["data"] == api.read(str(told["_id"]))


def test_an_announced_document_is_swept_like_any_other(api: ApiClient) -> None:
    """It says that it waits, and since when."""
    [conversation_id] = import_documents(old_document(api.user_id))
    before = utc_now()
    migrate(announce=True)
    assert raw(conversation_id)["pending_since"] >= before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"only": "0099"}, "0001_former_layout"),
        ({"batch_size": 0}, "--batch-size"),
        ({"batch_size": 5001}, "--batch-size"),
        ({"pace": 0.0}, "--pace"),
        ({"pace": float("nan")}, "--pace"),
        ({"resume": True, "again": True}, "--again"),
    ],
    ids=["unknown", "no-batch", "huge-batch", "no-pace", "odd-pace", "both"],
)
def test_it_says_which_option_is_wrong(
    database: None, options: dict[str, Any], reason: str
) -> None:
    """Before it does anything."""
    code, output = migrate(**options)
    assert code == 64
    assert reason in output


def test_it_goes_no_faster_than_its_pace(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits between batches, alive all the while."""
    import_documents(*(old_document(api.user_id) for _ in range(4)))
    clock = Clock()
    monkeypatch.setattr(run, "time", clock)
    migrate(batch_size=2, pace=0.5)
    batches = -(-progress()["read"] // 2)
    assert clock.now >= (batches - 1) * 4


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@pytest.fixture
def broken_write(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the database be away for every write of documents."""

    def away(*_arguments: object, **_named: object) -> None:
        raise AutoReconnect("mongodb://user:hush@host")

    with monkeypatch.context() as patch:
        patch.setattr(Collection, "bulk_write", away)
        yield


def test_it_says_in_one_line_that_the_database_failed(api: ApiClient, broken_write: None) -> None:
    """The status knows why, too."""
    import_documents(old_document(api.user_id))
    code, output = migrate()
    assert code == 1
    assert "AutoReconnect" in output
    assert "hush" not in output
    assert progress()["error"] == "AutoReconnect"
    assert "interrupted" in migrate(status=True)[1]


def test_it_goes_on_with_smaller_batches_where_the_database_is_slow(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that was too much for its time is repeated, in parts."""
    import_documents(*(old_document(api.user_id) for _ in range(50)))
    sizes, write_all = list[int](), rewriting.write_all

    def slow(*, writes: list[Any], **rest: Any) -> Any:
        sizes.append(len(writes))
        written = write_all(writes=writes, **rest)
        if len(writes) > 20:
            raise NetworkTimeout
        return written

    monkeypatch.setattr(rewriting, "write_all", slow)
    assert migrate(batch_size=5000)[0] == 0
    assert sizes[0] == 50
    documents = collection("conversations")
    assert documents.count_documents({"user_id": api.user_id, "version": 1}) == 50


def test_ctrl_c_ends_it_between_two_batches(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is saved, and the next run can begin at once."""
    import_documents(*(old_document(api.user_id) for _ in range(6)))
    write_all = rewriting.write_all

    def interrupted(**arguments: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return write_all(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "write_all", interrupted)
        code, output = migrate(batch_size=2)
    assert code == 130
    assert "the next run goes on there" in output
    documents = collection("conversations")
    changed = documents.count_documents({"user_id": api.user_id, "version": 1})
    assert progress()["changed"] == changed in (1, 2)
    assert migrate()[0] == 0
    assert progress()["changed"] == 6
