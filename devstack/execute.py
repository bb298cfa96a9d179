"""`python -m devstack exec -- COMMAND`: a command with servers of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from rich.console import Console

from conversation_service.config import ConfigError, load_config
from devstack.announce import variables
from devstack.asked import Asked
from devstack.errors import StackError
from devstack.folder import lock, open_folder
from devstack.progress import Progress
from devstack.run import start_servers
from devstack.servers import embedded
from devstack.stack import Interrupted, Stack

WAIT_SECONDS = 0.1
SIGNALLED = 128


def execute(command: Sequence[str]) -> int:
    """Run `command` with an empty database, a cache and stand-ins; returns its exit status.

    A server that the environment names is used as it is. The data is gone afterwards.
    """
    asked = Asked()
    os.environ["ENVIRONMENT"] = "development"
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="stack-data-")
    try:
        config = load_config()
        folder = open_folder(config.data_dir)
        with Stack(
            folder=folder, lock=lock(folder), wanted=lambda: asked.times, remove=(folder.root,)
        ) as stack:
            servers = embedded(config, folder=folder)
            names = variables(config, servers=servers)
            stack.env.update(names)
            start_servers(servers, stack=stack, progress=Progress(console=Console(stderr=True)))
            return _run(command, stack=stack)
    except Interrupted:
        return SIGNALLED + 2
    except (StackError, ConfigError, OSError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1


def _run(command: Sequence[str], *, stack: Stack) -> int:
    with subprocess.Popen(command, env={**os.environ, **stack.env}) as process:
        try:
            while process.poll() is None:
                stack.check()
                _wait(process)
        except (Interrupted, StackError):
            process.terminate()
            raise
    status = process.returncode
    return status if status >= 0 else SIGNALLED - status


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(timeout=WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        return
