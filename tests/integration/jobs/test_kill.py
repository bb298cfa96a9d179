"""Kill -9 of whoever works on a job, before each of its database commands."""

from collections.abc import Iterator

import pytest

from tests.doubles import counting_job
from tests.doubles.dying_runner import DyingRunner, dying_runner
from tests.integration.jobs.working import let_the_lease_run_out, start, stored_job, work


@pytest.fixture(scope="module")
def runner(database: None) -> Iterator[DyingRunner]:
    with dying_runner() as running:
        yield running


def test_a_job_survives_the_death_of_its_worker_at_any_moment(
    runner: DyingRunner, user_id: str
) -> None:
    """It is done by others; only the batch under way is repeated, never one that was saved."""
    killed, commands = runner.run(start(user_id))
    assert not killed
    assert commands > 8
    for moment in range(1, commands + 1):
        job_id = start(user_id)
        assert runner.run(job_id, die_at=moment)[0], moment
        saved = stored_job(job_id)["progress"]["done"]
        let_the_lease_run_out(job_id)
        job = work(job_id)
        assert job["state"] == "succeeded", moment
        assert job["result"] == {"sum": 6}
        tries = counting_job.tries(job_id)
        assert tries[:saved] == [1] * saved, moment
        assert len(tries) == 3
        assert sum(tries) <= 4, moment


def test_a_worker_that_died_keeps_the_job_until_its_lease_is_over(
    runner: DyingRunner, user_id: str
) -> None:
    """Whether it is dead or slow nobody can tell before."""
    job_id = start(user_id)
    assert runner.run(job_id, die_at=4)[0]
    held = stored_job(job_id)
    assert held["state"] == "running"
    assert work(job_id) == held
