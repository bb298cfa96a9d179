"""Auth and Characters as tests want them: real HTTP, answers and faults of their own choosing."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512


class StandIn:
    """Auth and Characters on one port: what they know can be changed, what they saw be read."""

    def __init__(self) -> None:
        self.characters: dict[str, Any] = {}
        self.revoked: set[str] = set()
        self.owner = "u1"
        self.delay = 0.0
        self.status: int | None = None
        self.gate = threading.Event()  # answers wait for it
        self.gate.set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self._lock = threading.Lock()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                stand_in._count_connection()

            def do_GET(self) -> None:
                self._reply(*stand_in.describe(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._reply(*stand_in.introspect(json.loads(body)["token"]))

            def _reply(self, status: int, content: Any) -> None:
                stand_in._note(self.command, self.path, dict(self.headers.items()))
                time.sleep(stand_in.delay)
                stand_in.gate.wait()
                body = json.dumps(content).encode()
                self.send_response(stand_in.status or status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def describe(self, path: str) -> tuple[int, Any]:
        """Return status and content for a GET."""
        character_id = path.removeprefix("/characters/")
        if path == "/health":
            return 200, {}
        if character_id in self.characters:
            return 200, self.characters[character_id]
        if character_id.startswith("missing"):
            return 404, {"detail": "no such character"}
        return 200, {"id": character_id, "name": character_id.title(), "avatar_url": None}

    def introspect(self, token: str) -> tuple[int, Any]:
        """Return status and content for a token."""
        return (401, {}) if token in self.revoked else (200, {"user_id": self.owner})

    @property
    def calls(self) -> int:
        """How many requests came, probes of its health aside."""
        return sum(path != "/health" for _, path, _ in self.requests)

    def _note(self, method: str, path: str, headers: dict[str, str]) -> None:
        with self._lock:
            self.requests.append((method, path, headers))

    def _count_connection(self) -> None:
        with self._lock:
            self.connections += 1

    def close(self) -> None:
        """Stop serving."""
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
