"""What belongs to the stack of `make run`: the steps that prepare, and the processes of the app."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis.exceptions import RedisError

from conversation_service.config import Config
from conversation_service.heartbeat import Heartbeats
from devstack.child import Service
from devstack.folder import Folder
from devstack.groups import Stage
from integrations.resilience.shared import connect_redis

RESPAWN_SECONDS = "0.5"
KILL_SECONDS = "10"  # a worker that will not end; `make run` itself is done sooner
JOB_PROCESSES = "2"
READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """A management command that is run before the web server starts, and must succeed.

    One that is `optional` may fail: then that is told, and the rest goes on.
    """

    name: str
    argv: tuple[str, ...]
    said: str = ""
    optional: bool = False


def steps(config: Config) -> tuple[Step, ...]:
    """Return the commands that prepare the database, in order."""
    prepare = (
        Step(name="migrations", argv=_manage("migrate", "--noinput"), said="accounts and admin"),
        Step(name="indexes", argv=_manage("setup_indexes"), said="all there"),
    )
    if config.is_production:
        return prepare
    # It asks the Characters Service, which may be somebody's own, or away.
    demo = Step(name="demo-data", argv=_manage("seed_demo"), said="all there", optional=True)
    return (*prepare, demo)


def application(
    config: Config, *, folder: Folder, socket: Path, redis_url: str
) -> tuple[Service, ...]:
    """Return the web server, the worker and the scheduler."""
    heartbeats = Heartbeats(redis=connect_redis(redis_url), service=config.service_name)
    metrics = {"PROMETHEUS_MULTIPROC_DIR": str(folder.run / "metrics")}
    return (
        Service(
            name="web",
            argv=_granian(config, socket=socket),
            stage=Stage.APPLICATION,
            env=metrics,
            echoed=True,
        ),
        Service(
            name="worker",
            argv=_celery("worker", "--concurrency", JOB_PROCESSES, "--loglevel", config.log_level),
            stage=Stage.APPLICATION,
            env=metrics,
            is_ready=partial(_beats, heartbeats),
            ready_within=READY_SECONDS,
            echoed=True,
        ),
        Service(
            name="beat",
            argv=_celery(
                *("beat", "--loglevel", config.log_level, "--pidfile", ""),
                *("--schedule", str(folder.run / "beat-schedule")),
            ),
            stage=Stage.APPLICATION,
        ),
    )


def _beats(heartbeats: Heartbeats) -> bool:
    try:
        return heartbeats.alive() > 0
    except RedisError:
        return False


def _granian(config: Config, *, socket: Path) -> tuple[str, ...]:
    return (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--uds", str(socket)),
        *("--workers", str(config.web_workers), "--blocking-threads", str(config.web_threads)),
        *("--respawn-failed-workers", "--respawn-interval", RESPAWN_SECONDS),
        *("--workers-kill-timeout", KILL_SECONDS, "--no-ws", "--no-access-log"),
        *("--log-config", "conversation_service/granian_logging.json"),
        *("--log-level", config.log_level.lower(), "conversation_service.wsgi:application"),
    )


def _celery(command: str, *options: str) -> tuple[str, ...]:
    return (
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "-A",
        "conversation_service",
        command,
        *options,
    )


def _manage(*words: str) -> tuple[str, ...]:
    return (sys.executable, "manage.py", *words)
