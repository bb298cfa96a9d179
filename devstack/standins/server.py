import argparse
import json
import signal
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

LOOPBACK = "127.0.0.1"
MAX_BODY = 64 * 1024

# What a stand-in answers: from method, path and JSON body to status and JSON body.
Answer = tuple[HTTPStatus, Mapping[str, object]]
Responder = Callable[[str, str, object], Answer]

NOT_FOUND: Answer = (HTTPStatus.NOT_FOUND, {"detail": "not found"})


class StandIn(ThreadingHTTPServer):
    """An HTTP/1.1 server that keeps connections open and says little."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int, respond: Responder, host: str = LOOPBACK) -> None:
        super().__init__((host, port), _Handler)
        self.respond = respond

    @property
    def url(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"


def serve(*, name: str, respond: Responder) -> None:
    """Run a stand-in in the foreground on `--host` and `--port` until SIGTERM."""
    parser = argparse.ArgumentParser(description=f"Stand-in {name} Service.")
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    server = StandIn(host=arguments.host, port=arguments.port, respond=respond)
    # shutdown() waits for serve_forever, which runs in this very thread.
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    server.serve_forever(poll_interval=0.1)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = 60.0
    disable_nagle_algorithm: ClassVar[bool] = True
    server: StandIn

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        try:
            length = min(int(self.headers.get("Content-Length", 0)), MAX_BODY)
            body = json.loads(self.rfile.read(length))
        except ValueError:
            self._send(HTTPStatus.BAD_REQUEST, {"detail": "the body is no JSON"})
            return
        self._answer(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: the service logs its calls itself."""

    def _answer(self, body: object) -> None:
        if self.path == "/health":
            self._send(HTTPStatus.OK, {"status": "healthy"})
            return
        self._send(*self.server.respond(self.command, self.path, body))

    def _send(self, status: HTTPStatus, content: Mapping[str, object]) -> None:
        payload = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
