import http.client
import socket
from contextlib import ExitStack

from devstack.errors import StackError

LOOPBACK = "127.0.0.1"
PROBE_SECONDS = 2.0


def free_ports(count: int) -> list[int]:
    """Different TCP ports of the loopback address that are free at this moment."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def free_port() -> int:
    """Return a TCP port of the loopback address that is free at this moment."""
    return free_ports(1)[0]


def require_free(port: int) -> None:
    """Raise StackError where something listens on `port` already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise StackError(
                f"port {port} cannot be used ({error.strerror}): "
                "end what listens there or choose another with PORT=…"
            ) from None


def accepts(port: int) -> bool:
    """Whether something listens on the port."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False


def answers_ping(port: int) -> bool:
    """Whether a Redis or Valkey server has loaded its data and takes commands."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=PROBE_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def answers_http(port: int, *, path: str, host: str = LOOPBACK) -> bool:
    """Whether an HTTP server answers `path` with anything but a server error."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
