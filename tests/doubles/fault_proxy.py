"""An HTTP proxy on loopback that can misbehave in every way a network or a server can.

It stands between a client and a real server, and passes requests on unless told otherwise.
"""

import http.client
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import IO, Self
from urllib.parse import urlsplit

DRIP_INTERVAL = 0.05  # seconds between two bytes
HUGE = 16 * 1024 * 1024  # bytes of blanks around the right answer


class Fault(StrEnum):
    """What happens to a request."""

    NONE = "none"
    REFUSE = "refuse"  # the connection is refused
    HANG_CONNECT = "hang at connect"  # the connection is never made
    HANG = "hang"  # the request is read, nothing comes back
    HANG_BODY = "hang mid-body"
    DRIP_HEAD = "drip in the headers"
    DRIP_BODY = "drip in the body"
    RESET = "reset"
    STATUS_500 = "500"
    STATUS_429 = "429"
    HTML = "200 with HTML"
    WRONG_TYPE = "right answer under a wrong content type"
    BROKEN_JSON = "200 with broken JSON"
    LIST = "200 with a JSON list"
    EMPTY = "200 with {}"
    REDIRECT = "redirect"
    CUT_OFF = "body shorter than announced"
    OVERLONG = "body longer than announced"
    HUGE = "huge body"
    GZIP = "compressed though not asked for"


_AT_THE_DOOR = {Fault.REFUSE, Fault.HANG_CONNECT}


class FaultProxy:
    """Listens on a port of its own as long as the `with` block lasts.

    `fault` is what happens to every request; `choose`, if set, is asked for each one instead (and
    may not choose what happens before there is a connection). `requests` counts those that came;
    `raw`, if set, is sent for an answer as it is.
    """

    def __init__(self, *, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.choose: Callable[[], Fault] | None = None
        self.retry_after: str | None = None
        self.delay = 0.0
        self.raw: bytes | None = None
        self.requests = 0
        self._fault = Fault.NONE
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._fillers: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def fault(self) -> Fault:
        """What happens to the next request."""
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        if fault is self._fault:
            return
        at_the_door = {fault, self._fault} & _AT_THE_DOOR
        self._fault = fault
        if at_the_door:
            self._close_door()
            self._open_door()

    def __enter__(self) -> Self:
        self._open_door()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._close_door()
        for thread in self._threads:
            thread.join(timeout=10)

    def _open_door(self) -> None:
        if self._fault is Fault.REFUSE:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._listener = listener
        if self._fault is Fault.HANG_CONNECT:
            listener.listen(0)
            self._fill_backlog()
            return
        listener.listen(512)
        self._start(lambda: self._accept(listener))

    def _close_door(self) -> None:
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
            self._listener.close()
            self._listener = None
        with self._lock:
            for connection in (*self._open, *self._fillers):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()

    def _fill_backlog(self) -> None:
        """Connect until the kernel drops what comes next."""
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self._port))
            self._fillers.append(filler)

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._start(partial(self._serve, connection))

    def _serve(self, connection: socket.socket) -> None:
        with self._registered(connection), suppress(OSError), connection.makefile("rb") as reader:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (request := _read_request(reader)) is not None:
                with self._lock:
                    self.requests += 1
                fault = self.choose() if self.choose else self._fault
                if self.raw is not None:
                    connection.sendall(self.raw)
                    return
                if not self._answer(connection, request, fault=fault):
                    return

    @contextmanager
    def _registered(self, connection: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
                connection.close()

    def _answer(self, connection: socket.socket, request: "_Request", *, fault: Fault) -> bool:
        """Answer, or misbehave; return whether the connection may serve another request."""
        self._stopping.wait(self.delay)
        if fault is Fault.NONE:
            connection.sendall(self._pass_on(request))
            return True
        if fault in _WRONG_ANSWERS:
            head, body = _WRONG_ANSWERS[fault]
            if self.retry_after is not None:
                head = (*head, f"Retry-After: {self.retry_after}")
            connection.sendall(_message(head, body))
            return True
        self._break(connection, request, fault=fault)
        return False

    def _break(self, connection: socket.socket, request: "_Request", *, fault: Fault) -> None:
        if fault is Fault.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)
        elif fault is Fault.HANG:
            self._wait_for_the_end(connection)
        else:
            self._send_partly(connection, self._pass_on(request), fault=fault)

    def _send_partly(self, connection: socket.socket, answer: bytes, *, fault: Fault) -> None:
        head_end = answer.index(b"\r\n\r\n") + 4
        middle = head_end + (len(answer) - head_end) // 2
        if fault is Fault.HUGE:
            connection.sendall(_padded(answer, head_end=head_end))
        elif fault is Fault.WRONG_TYPE:
            connection.sendall(answer.replace(b"application/json", b"text/html"))
        elif fault is Fault.DRIP_HEAD:
            self._drip(connection, answer)
        elif fault is Fault.DRIP_BODY:
            connection.sendall(answer[:head_end])
            self._drip(connection, answer[head_end:])
        elif fault is Fault.OVERLONG:
            length = len(answer) - head_end
            shorter = answer.replace(b"Content-Length: %d" % length, b"Content-Length: 5")
            connection.sendall(shorter)
        else:
            connection.sendall(answer[:middle])
            if fault is Fault.HANG_BODY:
                self._wait_for_the_end(connection)

    def _drip(self, connection: socket.socket, content: bytes) -> None:
        for byte in content:
            if self._stopping.wait(DRIP_INTERVAL):
                return
            connection.sendall(bytes([byte]))

    def _wait_for_the_end(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        while not self._stopping.is_set():
            try:
                if not connection.recv(65536):
                    return
            except TimeoutError:
                continue

    def _pass_on(self, request: "_Request") -> bytes:
        target = http.client.HTTPConnection(*self._target, timeout=10)
        try:
            target.request(request.method, request.path, request.body, request.headers)
            answer = target.getresponse()
            body = answer.read()
        finally:
            target.close()
        content_type = answer.headers.get("Content-Type", "text/plain")
        head = (f"HTTP/1.1 {answer.status} {answer.reason}", f"Content-Type: {content_type}")
        return _message(head, body)


@dataclass(frozen=True, kw_only=True)
class _Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def _read_request(reader: IO[bytes]) -> _Request | None:
    line = reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers = http.client.parse_headers(reader)
    body = reader.read(int(headers.get("Content-Length", "0")))
    return _Request(method=method, path=path, headers=dict(headers.items()), body=body)


def _padded(answer: bytes, *, head_end: int) -> bytes:
    """Return the answer with a body that is still right, and huge."""
    body = answer[head_end:] + b" " * HUGE
    return _message(("HTTP/1.1 200 OK", _JSON), body)


def _message(head: tuple[str, ...], body: bytes) -> bytes:
    return "\r\n".join((*head, f"Content-Length: {len(body)}", "", "")).encode() + body


_JSON = "Content-Type: application/json"
_WRONG_ANSWERS: dict[Fault, tuple[tuple[str, ...], bytes]] = {
    Fault.STATUS_500: (("HTTP/1.1 500 Oops", _JSON), b'{"secret": "a traceback"}'),
    Fault.STATUS_429: (("HTTP/1.1 429 Slow down", _JSON), b"{}"),
    Fault.HTML: (("HTTP/1.1 200 OK", "Content-Type: text/html"), b"<p>Welcome</p>"),
    Fault.BROKEN_JSON: (("HTTP/1.1 200 OK", _JSON), b'{"id": "ada", "na'),
    Fault.LIST: (("HTTP/1.1 200 OK", _JSON), b"[]"),
    Fault.EMPTY: (("HTTP/1.1 200 OK", _JSON), b"{}"),
    Fault.REDIRECT: (("HTTP/1.1 302 Found", _JSON, "Location: http://127.0.0.1:9/"), b"{}"),
    Fault.GZIP: (("HTTP/1.1 200 OK", _JSON, "Content-Encoding: gzip"), b"\x1f\x8b\x08"),
}
