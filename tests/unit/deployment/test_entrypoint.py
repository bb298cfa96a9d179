"""docker/entrypoint.sh and docker/front.sh: what the images run, with the programs played."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from conversation_service import __version__
from conversation_service.config import Config
from devstack.folder import Folder
from devstack.front import SHUTDOWN_TIMEOUT, render
from devstack.plan import application
from tests.unit.deployment.files import DOCKER, config_of

# Says what it was called with, an argument a line, and where it would share its metrics.
PLAYED = """#!/bin/sh
printf '%s\\n' "$@" '.' >>"$CALLS"
printf %s "${PROMETHEUS_MULTIPROC_DIR-none}" >"$CALLS.metrics"
case $* in *"${FAILS-nothing}"*) exit 3 ;; esac
"""
CHANGED = {"WEB_WORKERS": "3", "WEB_THREADS": "7", "LOG_LEVEL": "WARNING"}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A folder in which the image's scripts run, and what the programs there were called with."""

    folder: Path

    @property
    def socket(self) -> Path:
        """Where the web server listens."""
        return self.folder / "web.sock"

    @property
    def metrics(self) -> Path:
        """Where processes share their metrics."""
        return self.folder / "metrics"

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the entrypoint with the image's own variables and these."""
        return self.script(
            DOCKER / "entrypoint.sh",
            *words,
            variables={
                "PROMETHEUS_MULTIPROC_DIR": str(self.metrics),
                "WEB_SOCKET": str(self.socket),
                **variables,
            },
        )

    def script(
        self, script: Path, *words: str, variables: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a script with no variables but these."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.defpath}"
        return subprocess.run(
            [script, *words],
            cwd=self.folder,
            env={"PATH": path, "CALLS": str(self.folder / "calls"), **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def calls(self) -> list[list[str]]:
        """Return the arguments of each call so far."""
        text = (self.folder / "calls").read_text()
        return [call.splitlines() for call in text.split("\n.\n") if call]

    def shared(self) -> str:
        """Return the folder of metrics that the last program was told of."""
        return (self.folder / "calls.metrics").read_text()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    for name in ("python", "nginx"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(PLAYED)
        program.chmod(0o755)
    return Stage(folder=tmp_path)


def in_development(stage: Stage, config: Config) -> dict[str, list[str]]:
    """Return what `make run` starts, by role, with the image's paths."""
    folder = Folder(root=stage.folder)
    services = application(
        config, folder=folder, socket=stage.socket, redis_url="redis://127.0.0.1:1/0"
    )
    paths = {str(folder.run / "beat-schedule"): "/tmp/beat-schedule"}  # noqa: S108  # the image's
    return {
        service.name: [paths.get(word, word) for word in service.argv[1:]] for service in services
    }


@pytest.mark.parametrize("variables", [{}, CHANGED], ids=["by default", "changed"])
@pytest.mark.parametrize("role", ["web", "worker", "beat"])
def test_a_role_runs_what_development_runs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, role: str, variables: dict[str, str]
) -> None:
    """The same programs with the same options: what the tests have proved is what is deployed."""
    config = config_of(variables, patch=monkeypatch, folder=stage.folder)
    assert stage.run(role, **variables).returncode == 0
    assert stage.calls()[-1] == in_development(stage, config)[role]


@pytest.mark.parametrize("role", ["worker", "beat", "manage"])
def test_options_come_after_those_of_the_role(stage: Stage, role: str) -> None:
    """Where the last one wins."""
    assert stage.run(role, "--a-word", "two words").returncode == 0
    assert stage.calls()[-1][-2:] == ["--a-word", "two words"]


def test_options_of_the_web_server_come_before_the_application(stage: Stage) -> None:
    """Which is its only argument."""
    assert stage.run("web", "--backpressure", "9").returncode == 0
    application_name = "conversation_service.wsgi:application"
    assert stage.calls()[-1][-3:] == ["--backpressure", "9", application_name]


def test_the_web_server_is_not_started_on_a_wrong_configuration(stage: Stage) -> None:
    """It would say so once for each worker that it tries to start."""
    assert stage.run("web", FAILS="get_config").returncode == 3
    assert len(stage.calls()) == 1


@pytest.mark.parametrize("role", ["web", "worker"])
def test_it_forgets_the_metrics_of_processes_before(stage: Stage, role: str) -> None:
    """They would count again: a container that restarts keeps its folder."""
    stage.metrics.mkdir()
    (stage.metrics / "counter_7.db").touch()
    stage.run(role)
    assert stage.shared() == str(stage.metrics)
    assert list(stage.metrics.iterdir()) == []


@pytest.mark.parametrize("role", ["beat", "setup", "manage"])
def test_it_leaves_no_metrics_where_nobody_reads_them(stage: Stage, role: str) -> None:
    """Nor needs a folder for them."""
    assert stage.run(role).returncode == 0
    assert stage.shared() == "none"
    assert not stage.metrics.exists()


def test_it_removes_the_socket_of_a_web_server_that_was_killed(stage: Stage) -> None:
    """The next one could not listen there."""
    stage.socket.touch()
    stage.run("web")
    assert not stage.socket.exists()


def test_setup_migrates_and_then_makes_the_indexes(stage: Stage) -> None:
    """In this order."""
    assert stage.run("setup").returncode == 0
    assert stage.calls() == [
        ["manage.py", "migrate", "--noinput"],
        ["manage.py", "setup_indexes"],
    ]


def test_setup_ends_where_it_fails(stage: Stage) -> None:
    """With a status by which it is tried again."""
    assert stage.run("setup", FAILS="migrate").returncode == 3
    assert len(stage.calls()) == 1


@pytest.mark.parametrize("words", [[], ["webb"], ["--help"]], ids=["none", "unknown", "an option"])
def test_it_refuses_what_is_no_role(stage: Stage, words: list[str]) -> None:
    """With one line that names those there are."""
    ran = stage.run(*words)
    assert ran.returncode == 64
    assert "web, worker, beat, setup, manage" in ran.stderr
    assert not (stage.folder / "calls").exists()


@pytest.fixture
def front(stage: Stage) -> Path:
    """Return front.sh as it is in its image: beside the template and the version."""
    if shutil.which("envsubst", path=os.defpath) is None:
        pytest.skip("no envsubst on this machine (Debian: apt-get install gettext-base)")
    for name in ("front.sh", "nginx.conf.template"):
        shutil.copy(DOCKER / name, stage.folder)
    (stage.folder / "version").write_text(f"{__version__}\n")
    return stage.folder / "front.sh"


@pytest.mark.parametrize(
    "variables",
    [
        {"PUBLIC_URL": "https://api.example"},
        {
            "PUBLIC_URL": "https://api.example/chat/",
            "SERVICE_NAME": "talks",
            "CORS_ALLOWED_ORIGINS": "https://app.example, http://localhost:3000",
            "REQUEST_TIMEOUT": "12.5",
            "PORT": "9000",
        },
    ],
    ids=["by default", "changed"],
)
def test_the_front_is_configured_as_in_development(
    stage: Stage, front: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """But that it listens for others than this machine, and is no root that changes its user."""
    paths = {"RUN_DIR": str(stage.folder), "WEB_SOCKET": str(stage.socket)}
    ran = stage.script(front, variables={**variables, **paths})
    assert ran.returncode == 0, ran.stderr
    config = config_of(variables, patch=monkeypatch, folder=stage.folder)
    monkeypatch.setattr("devstack.front._user_directive", str)
    expected = render(config, run=stage.folder, socket=stage.socket)
    ends = f"worker_shutdown_timeout {int(config.request_timeout) + 5}s;"
    expected = expected.replace(f"worker_shutdown_timeout {SHUTDOWN_TIMEOUT};", ends)
    written = (stage.folder / "nginx.conf").read_text()
    assert written == expected.replace("listen 127.0.0.1:", "listen 0.0.0.0:")
    run = str(stage.folder)
    assert stage.calls() == [["-e", "stderr", "-p", run, "-c", f"{run}/nginx.conf"]]


@pytest.mark.parametrize("url", ["", 'https://a"b', "https://a$host", "https://a;b", "a\nb"])
def test_the_front_refuses_a_url_that_would_break_its_configuration(
    stage: Stage, front: Path, url: str
) -> None:
    """With one line that names it."""
    ran = stage.script(front, variables={"PUBLIC_URL": url, "RUN_DIR": str(stage.folder)})
    assert ran.returncode == 64
    assert "PUBLIC_URL" in ran.stderr
    assert not (stage.folder / "calls").exists()
