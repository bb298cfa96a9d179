"""What a running server needs around it: the cache, the stand-in services, a key for the tokens."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.processes import running
from conversation_service.config import Config
from devstack.announce import variables
from devstack.folder import open_folder
from devstack.servers import embedded


@contextmanager
def surroundings(*, mongodb_url: str, scratch: Path) -> Iterator[dict[str, str]]:
    """Start the cache and the stand-ins; yield the environment of the servers to measure."""
    folder = open_folder(scratch / "stack")
    config = Config(_env_file=None, data_dir=folder.root, mongodb_url=mongodb_url)
    metrics = folder.run / "metrics"
    metrics.mkdir(exist_ok=True)
    env = {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(folder.root),
        "JWT_SECRET_KEY": secrets.token_hex(32),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    with ExitStack() as running_servers:
        servers = embedded(config, folder=folder)
        for server in servers:
            running_servers.enter_context(
                running(
                    command=server.service.argv,
                    is_ready=server.service.is_ready,
                    env=env,
                    log=folder.logs / f"{server.service.name}.log",
                )
            )
        yield env | variables(config, servers=servers)
