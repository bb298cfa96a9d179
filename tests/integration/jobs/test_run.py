"""How a job is carried out."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

from conversations import dependencies
from conversations.dependencies import utc_now
from conversations.errors import StateConflict
from conversations.job import job_error
from conversations.repository.database import collection
from conversations.services.jobs import run
from conversations.services.jobs.cancel import cancel_job
from conversations.services.jobs.due import send_due_jobs
from conversations.services.jobs.retry import retry_job
from conversations.services.jobs.run import MOST_ATTEMPTS, run_slice
from conversations.services.jobs.step import Work
from tests.doubles import counting_job
from tests.integration.jobs.working import let_the_lease_run_out, start, stored_job, work

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return the job as it was stored before each batch."""
    jobs: list[dict[str, Any]] = []
    monkeypatch.setattr(
        counting_job, "before_batch", lambda work: jobs.append(stored_job(work.job_id))
    )
    return jobs


def test_it_does_all_batches_and_keeps_the_result(user_id: str) -> None:
    """Each batch once; what went wrong with single items is kept beside."""
    job_id = start(user_id, to=4)
    job = work(job_id)
    assert job["state"] == "succeeded"
    assert job["result"] == {"sum": 10}
    assert job["progress"] == {"done": 4, "total": 4}
    assert [error["id"] for error in job["errors"]] == ["1", "3"]
    assert job["finished_at"] >= job["created_at"]
    assert counting_job.tries(job_id) == [1, 1, 1, 1]


def test_it_saves_its_progress_after_each_batch(user_id: str, seen: list[dict[str, Any]]) -> None:
    """Whoever looks sees it grow, and who takes over begins there."""
    work(start(user_id, to=4))
    assert [job["progress"]["done"] for job in seen] == [0, 1, 2, 3]
    assert [job["cursor"] for job in seen] == [None, 1, 2, 3]
    assert {job["state"] for job in seen} == {"running"}


def test_it_leaves_the_worker_to_others_after_a_slice(
    user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says that it can go on at once, for anybody."""
    monkeypatch.setattr(run, "SLICE", 0.0)
    job_id = start(user_id, to=2)
    assert run_slice(job_id=job_id, clock=utc_now)
    assert stored_job(job_id)["progress"] == {"done": 1, "total": 2}
    assert not run_slice(job_id=job_id, clock=utc_now)
    assert stored_job(job_id)["state"] == "succeeded"


def test_it_keeps_the_first_hundred_errors(user_id: str) -> None:
    """They tell what is wrong; more of them would make a job as large as its work."""
    job_id = start(user_id, to=5)
    many = [job_error(code="odd", detail=f"Number {number}.") for number in range(98)]
    collection("jobs").update_one({"_id": job_id}, {"$set": {"errors": many}})
    errors = work(job_id)["errors"]
    assert errors[:98] == many
    assert [error["id"] for error in errors[98:]] == ["1", "3"]


def test_nobody_else_works_on_it_meanwhile(user_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two messages for one job: the second worker finds it held."""
    rival: list[bool] = []
    monkeypatch.setattr(
        counting_job,
        "before_batch",
        lambda work: rival.append(run_slice(job_id=work.job_id, clock=utc_now)),
    )
    job_id = start(user_id)
    work(job_id)
    assert rival == [False] * 3
    assert counting_job.tries(job_id) == [1, 1, 1]


def test_a_late_worker_cannot_write_over_newer_progress(
    user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that slept through its lease finds the fence higher, and stops."""
    job_id = start(user_id, to=3)

    def overtake(work: Work) -> None:
        monkeypatch.setattr(counting_job, "before_batch", lambda _work: None)
        let_the_lease_run_out(work.job_id)
        assert not run_slice(job_id=work.job_id, clock=utc_now)
        newer.append(stored_job(work.job_id))

    newer: list[dict[str, Any]] = []
    monkeypatch.setattr(counting_job, "before_batch", overtake)
    assert not run_slice(job_id=job_id, clock=utc_now)
    assert newer[0]["state"] == "succeeded"
    assert stored_job(job_id) == newer[0]


def test_many_workers_at_once_do_each_batch_once(user_id: str) -> None:
    """All of them have the message at the same moment."""
    job_id = start(user_id, to=20)
    begin = threading.Barrier(6)

    def compete() -> None:
        begin.wait()
        run_slice(job_id=job_id, clock=utc_now)

    threads = [threading.Thread(target=compete) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored_job(job_id)["state"] == "succeeded"
    assert counting_job.tries(job_id) == [1] * 20


def test_a_cancelled_job_ends_at_the_next_batch(
    user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has done stays done, and is told."""
    asked: list[str] = []

    def cancel_in_the_second(work: Work) -> None:
        if work.done == 1:
            job = cancel_job(job_id=work.job_id, owner=user_id, now=utc_now())
            asked.append(job["state"])

    monkeypatch.setattr(counting_job, "before_batch", cancel_in_the_second)
    job_id = start(user_id, to=9)
    job = work(job_id)
    assert asked == ["cancelling"]
    assert job["state"] == "cancelled"
    assert job["progress"] == {"done": 2, "total": 9}
    assert job["result"] is None
    assert counting_job.tries(job_id) == [1, 1]


def test_a_job_cancelled_while_nobody_holds_it_ends(user_id: str) -> None:
    """Its worker died, or its next slice has not begun: the next look ends it."""
    job_id = start(user_id, to=2)
    collection("jobs").update_one({"_id": job_id}, {"$set": {"state": "running"}})
    assert cancel_job(job_id=job_id, owner=user_id, now=utc_now())["state"] == "cancelling"
    assert work(job_id)["state"] == "cancelled"
    assert counting_job.tries(job_id) == []


def test_a_job_whose_last_batch_was_under_way_succeeds_all_the_same(
    user_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is done: its result would be lost otherwise."""
    monkeypatch.setattr(
        counting_job,
        "before_batch",
        lambda work: cancel_job(job_id=work.job_id, owner=user_id, now=utc_now()),
    )
    assert work(start(user_id, to=1))["state"] == "succeeded"


def test_a_database_error_is_tried_again_and_again_but_not_for_ever(user_id: str) -> None:
    """Each time later; in the end the job says why it gave up."""
    job_id = start(user_id, trouble={"1": "database"})
    for attempt in range(1, MOST_ATTEMPTS):
        job = work(job_id)
        assert (job["state"], job["attempts"]) == ("running", attempt)
        assert job["leased_until"] > utc_now()
        assert work(job_id) == job
        let_the_lease_run_out(job_id)
    job = work(job_id)
    assert job["state"] == "failed"
    assert job["errors"][0]["code"] == "gave_up"
    assert "AutoReconnect" in job["errors"][0]["detail"]
    assert counting_job.tries(job_id) == []


def test_it_goes_on_where_a_database_error_stopped_it(user_id: str) -> None:
    """No batch that was saved is done again."""
    job_id = start(user_id, trouble={"2": "database"})
    work(job_id)
    collection("jobs").update_one({"_id": job_id}, {"$unset": {"arguments.trouble": 1}})
    let_the_lease_run_out(job_id)
    assert work(job_id)["state"] == "succeeded"
    assert counting_job.tries(job_id) == [1, 1, 1]


@pytest.mark.parametrize(("trouble", "code"), [("crash", "internal_error"), ("failure", "no_luck")])
def test_an_error_fails_it_with_a_reason(
    user_id: str, trouble: str, code: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """At once, and in the log; nothing of an exception's own text is shown."""
    job = work(start(user_id, trouble={"2": trouble}))
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    [line] = [each for each in lines if each["event"] == "job failed"]
    assert (line["level"], line["job_id"], line["code"]) == ("error", str(job["_id"]), code)
    assert ("ZeroDivisionError" in line.get("exception", "")) is (trouble == "crash")
    assert job["state"] == "failed"
    assert [error["code"] for error in job["errors"]] == [code, "odd"]
    assert "ZeroDivision" not in job["errors"][0]["detail"]
    assert job["progress"] == {"done": 1, "total": 3}


def test_one_that_kills_its_workers_is_given_up(user_id: str) -> None:
    """A batch that no worker survives must not take one after the other."""
    job_id = start(user_id)
    collection("jobs").update_one({"_id": job_id}, {"$set": {"attempts": MOST_ATTEMPTS}})
    job = work(job_id)
    assert job["state"] == "failed"
    assert [error["code"] for error in job["errors"]] == ["no_progress"]


def test_a_failed_job_can_be_started_again(user_id: str) -> None:
    """It goes on from where it came to; one that has not failed cannot."""
    job_id = start(user_id, trouble={"3": "crash"})
    work(job_id)
    collection("jobs").update_one({"_id": job_id}, {"$unset": {"arguments.trouble": 1}})
    assert retry_job(job_id=job_id, owner=user_id, now=utc_now())["state"] == "queued"
    job = work(job_id)
    assert job["state"] == "succeeded"
    assert counting_job.tries(job_id) == [1, 1, 1]
    with pytest.raises(StateConflict):
        retry_job(job_id=job_id, owner=user_id, now=utc_now())


def test_what_nobody_holds_is_sent_again(user_id: str) -> None:
    """Messages that were lost, and workers that died; not what is held, waits or has ended."""
    lost, died, held, ended = (start(user_id) for _ in range(4))
    change = collection("jobs").update_one
    ahead = utc_now() + timedelta(minutes=1)
    change({"_id": died}, {"$set": {"state": "running"}})
    change({"_id": held}, {"$set": {"state": "running", "leased_until": ahead}})
    work(ended)
    sent: list[str] = []
    with dependencies.override(run_job=sent.append):
        send_due_jobs(now=utc_now() + timedelta(milliseconds=1))
    ours = {str(job_id) for job_id in (lost, died, held, ended)}
    assert set(sent) & ours == {str(lost), str(died)}


def test_it_does_not_touch_what_it_does_not_know(user_id: str) -> None:
    """A job that is gone, and one of a newer release's kind."""
    assert not run_slice(job_id=ObjectId(), clock=utc_now)
    job_id = start(user_id)
    collection("jobs").update_one({"_id": job_id}, {"$set": {"kind": "from_tomorrow"}})
    assert work(job_id)["state"] == "queued"
