"""A real RabbitMQ node for tests: its own name, ports, data and port mapper; all of it goes."""

import os
import shutil
import subprocess
from pathlib import Path

from kombu.connection import Connection

from devstack.ports import accepts, free_ports
from tests.doubles.certificates import write_certificate
from tests.doubles.server_process import ServerProcess
from tests.doubles.supervised import eventually

# Debian's command on PATH is a wrapper that changes the user and the folder.
_DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
RABBITMQ_BINARY = str(_DEBIAN) if _DEBIAN.exists() else shutil.which("rabbitmq-server")
EPMD_BINARY = shutil.which("epmd")
START_SECONDS = 90.0
OTHER_ADDRESS = "127.0.0.2"
MAX_MESSAGE = 200_000  # bytes; the server's own default is 128 MiB


class RabbitMQNode(ServerProcess):
    """A node that can be killed and started again on the same port, with the data that it had."""

    def __init__(self, *, folder: Path) -> None:
        self._folder = folder
        self.port, self.tls_port, self._distribution, self._mapper = free_ports(4)
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._epmd: subprocess.Popen[bytes] | None = None
        write_certificate(folder, address="127.0.0.1")
        (folder / "rabbitmq.conf").write_text(self._configuration())
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "rabbitmq-env.conf").touch()

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        assert RABBITMQ_BINARY
        assert EPMD_BINARY
        env = {**os.environ, **self._environment()}
        if self._epmd is None:
            # Else the node would start one, in the background and for good.
            self._epmd = subprocess.Popen(
                [EPMD_BINARY, "-address", "127.0.0.1", "-port", str(self._mapper)], env=env
            )
        with (self._folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [RABBITMQ_BINARY], env=env, stdout=output, stderr=subprocess.STDOUT
            )
        assert eventually(self._is_ready, START_SECONDS), "RabbitMQ did not start"

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "output.log").read_text()
        return accepts(self.port)

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),  # its cookie
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the node, instead of watching it
            "ERL_EPMD_PORT": str(self._mapper),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._folder / "log"),
            # One scheduler that does not spin: the machine is shared with the other tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-start_epmd false +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none"
                " -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    def _configuration(self) -> str:
        return f"""
            max_message_size = {MAX_MESSAGE}
            disk_free_limit.absolute = 1MB
            listeners.tcp.1 = 127.0.0.1:{self.port}
            listeners.ssl.1 = 127.0.0.1:{self.tls_port}
            listeners.ssl.2 = {OTHER_ADDRESS}:{self.tls_port}
            ssl_options.certfile = {self.certificate}
            ssl_options.keyfile = {self._folder}/server.key
        """

    @property
    def certificate(self) -> Path:
        """What vouches for it on `tls_port`: at 127.0.0.1, though it listens elsewhere as well."""
        return self._folder / "server.pem"

    def empty(self) -> None:
        """Delete what the service has declared, and all events with it."""
        with Connection(self.url) as connection:
            connection.default_channel.queue_delete("conversations.all")
            connection.default_channel.exchange_delete("conversations")

    def close(self) -> None:
        """End for good."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
