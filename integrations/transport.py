"""Connections on which a read timeout bounds the whole reply.

The timeout of requests (and of sockets) bounds the wait for the next bytes, so a server that
drips one byte a second holds its caller for ever, in the headers as well as in the body. Here
every read gets only what is left of the time since the request was sent.
"""

import http.client
import io
import socket
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from integrations.resilience.deadline import Deadline


class _TimedReader(io.RawIOBase):
    """The reading side of a socket, each read limited to what is left of the deadline."""

    def __init__(self, *, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        remaining = self._deadline.remaining()
        if not remaining:
            raise TimeoutError("the reply took too long")
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """What http.client needs of a socket to read a reply from it."""

    def __init__(self, *, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(sock=self._sock, deadline=self._deadline))


class _BoundedReply:
    """Mixed into urllib3's connections: the timeout set for reading covers the whole reply."""

    timeout: float
    response_class: Any

    def getresponse(self) -> HTTPResponse:
        made: list[http.client.HTTPResponse] = []
        self.response_class = partial(_respond, deadline=Deadline.after(self.timeout), made=made)
        try:
            reply: HTTPResponse = super().getresponse()  # type: ignore[misc]
        except BaseException:
            # A reply whose head is unusable is left open by http.client and urllib3.
            for response in made:
                response.close()
            raise
        return reply


def _respond(
    sock: socket.socket,
    *,
    deadline: Deadline,
    made: list[http.client.HTTPResponse],
    method: str | None = None,
) -> http.client.HTTPResponse:
    timed: Any = _TimedSocket(sock=sock, deadline=deadline)
    made.append(http.client.HTTPResponse(timed, method=method))
    return made[-1]


class _BoundedHTTPConnection(_BoundedReply, HTTPConnection):  # type: ignore[misc]
    pass


class _BoundedHTTPSConnection(_BoundedReply, HTTPSConnection):  # type: ignore[misc]
    pass


class _BoundedHTTPPool(HTTPConnectionPool):
    ConnectionCls: Any = _BoundedHTTPConnection


class _BoundedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls: Any = _BoundedHTTPSConnection


class BoundedAdapter(HTTPAdapter):
    """An adapter for a requests session: `size` pooled connections, replies bounded in time.

    It never retries by itself: that is decided in one place, under a budget.
    """

    def __init__(self, *, size: int) -> None:
        super().__init__(pool_connections=1, pool_maxsize=size, pool_block=True, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools with the bounded connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _BoundedHTTPPool,
            "https": _BoundedHTTPSPool,
        }
