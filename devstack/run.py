"""`make run`: the whole stack in the foreground."""

import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from conversation_service.config import DEFAULT_DATA_DIR, Config, ConfigError, load_config
from devstack.announce import announce, variables
from devstack.asked import Asked
from devstack.child import Service
from devstack.errors import StackError, StepFailed
from devstack.folder import Folder, lock, open_folder, socket_path
from devstack.front import front
from devstack.groups import Stage
from devstack.plan import Step, application, steps
from devstack.ports import require_free
from devstack.progress import Progress
from devstack.servers import Embedded, embedded
from devstack.stack import Interrupted, Stack


def run() -> int:
    """Run the stack until it is asked to end or a part of it dies; returns the exit status."""
    asked = Asked()
    progress = Progress(console=Console())
    try:
        folder = open_folder(load_config().data_dir)
        descriptor = lock(folder)
        # Left by a machine that went down: it must not be taken for a configuration.
        folder.env_file.unlink(missing_ok=True)
        config = load_config()
        require_free(config.port)
        with Stack(folder=folder, lock=descriptor, wanted=lambda: asked.times) as stack:
            return _live(config, folder=folder, stack=stack, progress=progress)
    except (StackError, ConfigError) as error:
        return _fail(error)


def _live(config: Config, *, folder: Folder, stack: Stack, progress: Progress) -> int:
    # A failure is told before the rest is ended, for that may take seconds.
    try:
        _bring_up(config, folder=folder, stack=stack, progress=progress)
        print(_ready_line(config), flush=True)
        stack.watch()
    except Interrupted:
        progress.line("ending (once more to hurry)")
    except StackError as error:
        return _fail(error)
    return 0


def _bring_up(config: Config, *, folder: Folder, stack: Stack, progress: Progress) -> None:
    servers = embedded(config, folder=folder)
    names = variables(config, servers=servers)
    stack.env.update(names, DATA_DIR=str(folder.root), PORT=str(config.port))
    start_servers(servers, stack=stack, progress=progress)
    announce(folder, names=names)
    for step in steps(config):
        with progress.step(step.name) as note:
            note(_carry_out(step, stack=stack))
    _empty(folder.run / "metrics")
    socket = socket_path(folder, scratch=stack.scratch)
    services = application(config, folder=folder, socket=socket, redis_url=names["REDIS_URL"])
    started = time.monotonic()
    jobs = [stack.start(service) for service in services]
    gate = stack.start(front(config, folder=folder, socket=socket))
    with progress.step("web", since=started) as note:
        stack.wait_ready(gate)
        note(f"{config.web_workers} workers, {config.web_threads} threads each")
    with progress.step("jobs", since=started) as note:
        for child in jobs:
            stack.wait_ready(child)
        note("worker and beat")


def _carry_out(step: Step, *, stack: Stack) -> str:
    """Return what is to be said of a step, once it is done or, if it is optional, has failed."""
    child = Service(name=step.name, argv=step.argv, stage=Stage.APPLICATION)
    try:
        stack.run(child)
    except StepFailed as failed:
        if not step.optional:
            raise
        return f"left out: {failed}"
    return step.said


def start_servers(servers: Sequence[Embedded], *, stack: Stack, progress: Progress) -> None:
    """Start the embedded servers side by side; return when all of them answer."""
    started = time.monotonic()
    children = [stack.start(server.service) for server in servers]
    for server, child in zip(servers, children, strict=True):
        with progress.step(server.service.name, since=started) as note:
            stack.wait_ready(child)
            note(server.where)


def _ready_line(config: Config) -> str:
    url = config.base_url
    login = "" if config.is_production else " (admin / admin)"
    return (
        f"ready  api {url}/api/v1  docs {url}/api/docs  admin {url}/admin/{login}  "
        f"token: {_folder(config)}{_python()} manage.py issue_token USER [--scope …]"
    )


def _folder(config: Config) -> str:
    # Commands look in the default one else.
    if config.data_dir.absolute() == DEFAULT_DATA_DIR.absolute():
        return ""
    return f"DATA_DIR={shlex.quote(str(config.data_dir.absolute()))} "


def _python() -> str:
    python = Path(sys.executable)
    return str(python.relative_to(Path.cwd())) if python.is_relative_to(Path.cwd()) else str(python)


def _empty(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()


def _fail(error: Exception) -> int:
    print(f"stopped: {error}", file=sys.stderr, flush=True)
    return 1
