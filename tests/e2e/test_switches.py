"""A feature that staff switch is switched in every process."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from celery import Celery
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from waffle.models import Switch

from conversations.flags import Flag, is_enabled
from devstack.ports import free_port
from integrations.resilience.shared import connect_redis
from tests.doubles.supervised import eventually
from tests.e2e.live import LiveService, live_service
from tests.e2e.workers import celery_worker

ANALYTICS = Flag.CONVERSATION_ANALYTICS
SECONDS = 60.0  # it takes up to 5; the machine may be busy

Says = Callable[[], bool]


@pytest.fixture
def staff(database: None) -> Client:
    """Log in who may change switches and nothing else."""
    user = User.objects.create_user(f"staff-{uuid.uuid4().hex[:12]}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__endswith="_switch"))
    browser = Client()
    browser.force_login(user)
    return browser


def test_every_process_follows_a_switch(staff: Client, tmp_path: Path) -> None:
    """Web processes, one of them without Redis, a worker, and this one; there and back."""
    without_redis = f"redis://127.0.0.1:{free_port()}/0"
    with (
        web(tmp_path / "one") as one,
        web(tmp_path / "two", REDIS_URL=without_redis) as two,
        worker(tmp_path / "worker.log", env=one.env) as worker_says,
    ):
        everyone: list[Says] = [
            partial(is_enabled, ANALYTICS),
            partial(web_says, one),
            partial(web_says, two),
            worker_says,
        ]
        assert [says() for says in everyone] == [False] * 4
        for on in (True, False):
            flip(staff, on=on)
            for says in everyone:
                assert eventually(lambda says=says, on=on: says() is on, SECONDS), says  # type: ignore[misc]  # defaults


def flip(staff: Client, *, on: bool) -> None:
    switch = Switch.objects.get(name=ANALYTICS)
    fields = {"active": "on"} if on else {}
    answer = staff.post(f"/admin/waffle/switch/{switch.pk}/change/", fields)
    assert answer.status_code == 302, answer.content


@contextmanager
def web(folder: Path, **changes: str) -> Iterator[LiveService]:
    folder.mkdir()
    database = str(connection.settings_dict["NAME"])
    with live_service(folder=folder, MONGODB_DATABASE=database, **changes) as service:
        yield service


def web_says(service: LiveService) -> bool:
    """Return whether a new conversation gets an analytics id."""
    answer = service.request(
        "POST",
        "/api/v1/conversations",
        token=service.token(f"user-{uuid.uuid4().hex[:12]}"),
        json={"character_id": "ada"},
    )
    assert answer.status_code == 201, answer.text
    return "analytics_id" in answer.json()["metadata"]


@contextmanager
def worker(log: Path, *, env: dict[str, str]) -> Iterator[Says]:
    name = env["SERVICE_NAME"]
    options = ("--concurrency", "1", "-I", "tests.doubles.flag_task", "-Q", name)
    url = env.get("CELERY_BROKER_URL") or env["REDIS_URL"]
    with (
        celery_worker(*options, env=env, log=log),
        Celery(broker=url, set_as_current=False) as queue,
        connect_redis(env["REDIS_URL"]) as redis,
    ):

        def says() -> bool:
            queue.send_task("tests.doubles.flag_task.tell_flag", [ANALYTICS, name], queue=name)
            answers: list[bytes] = []

            def has_answered() -> bool:
                answer = redis.lpop(name)
                if isinstance(answer, bytes):
                    answers.append(answer)
                return bool(answers)

            assert eventually(has_answered, SECONDS), log.read_text()
            return answers == [b"1"]

        yield says


def test_the_defaults_hold_where_nothing_can_be_asked(servers: None) -> None:
    """Neither database nor Redis: a process starts with what the code declares."""
    nowhere = free_port()
    asking = "from conversations.flags import *; print([is_enabled(flag) for flag in Flag])"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", asking],
        env={
            "PATH": "/usr/bin:/bin",
            "MONGODB_URL": f"mongodb://127.0.0.1:{nowhere}/?directConnection=true",
            "REDIS_URL": f"redis://127.0.0.1:{nowhere}/0",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.splitlines()[-1] == "[False, True, True]", done.stderr
