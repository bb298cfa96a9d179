"""`manage.py erase_user`."""

from io import StringIO
from typing import Any

import pytest
from bson import ObjectId
from django.core.management import call_command
from django.core.management.base import CommandError

from conversations.management.commands import erase_user
from conversations.repository.database import collection
from tests.client import ApiClient
from tests.integration.jobs.working import stored_job


def erase(*arguments: str) -> str:
    """Run the command; return what it prints."""
    out = StringIO()
    call_command("erase_user", *arguments, stdout=out)
    return out.getvalue().strip()


def test_it_erases_and_prints_the_receipt(api: ApiClient, admin: ApiClient) -> None:
    """Without a worker; an admin can look the job up afterwards."""
    api.create(title="Secret")
    told = erase(api.user_id, "--yes")
    assert told.startswith("receipt ")
    assert "1  conversations" in told
    assert api.user_id not in told
    assert collection("conversations").count_documents({"user_id": api.user_id}) == 0


def test_it_leaves_the_job_to_the_workers_if_told_so(api: ApiClient, admin: ApiClient) -> None:
    """And prints its id and nothing else; a second time joins in."""
    api.create()
    job_id = erase(api.user_id, "--yes", "--no-wait")
    assert admin.get(f"/jobs/{job_id}").json["state"] == "queued"
    assert erase(api.user_id, "--yes").startswith("receipt ")
    assert stored_job(job_id)["state"] == "succeeded"


def test_it_does_not_erase_unasked(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nobody to ask it stops; a no is a no."""
    api.create()
    with pytest.raises(CommandError, match="no --yes"):
        erase(api.user_id)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert erase(api.user_id) == "Nothing was erased."
    assert len(api.titles()) == 1


def test_it_says_why_a_job_did_not_succeed(
    api: ApiClient, admin: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And exits with an error."""
    job_id = erase(api.user_id, "--yes", "--no-wait")
    collection("jobs").update_one({"_id": ObjectId(job_id)}, {"$set": {"attempts": 99}})
    with pytest.raises(CommandError, match=f"{job_id} is failed"):
        erase(api.user_id, "--yes")


def test_who_stops_it_is_told_that_the_workers_go_on(
    api: ApiClient, admin: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With which job; the same command joins in again."""
    api.create()
    job_id = erase(api.user_id, "--yes", "--no-wait")

    def stop(**_named: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erase_user, "run_slice", stop)
        with pytest.raises(CommandError, match=f"workers go on with the job {job_id}") as stopped:
            erase(api.user_id, "--yes")
    assert stopped.value.returncode == 130
    assert erase(api.user_id, "--yes").startswith("receipt ")
    assert stored_job(job_id)["state"] == "succeeded"


@pytest.mark.parametrize("user", ["me", "a b"])
def test_it_refuses_what_cannot_be_a_user(database: None, user: str) -> None:
    """Before it asks anything."""
    with pytest.raises(CommandError, match="USER must be"):
        erase(user, "--yes")
