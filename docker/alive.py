"""The image's health check: succeeds when the web server answers `/health/live` on its socket."""

import http.client
import os
import socket
import sys

TIMEOUT = 4.0  # seconds, below the health check's own


def status(path: str) -> int:
    """Return the status of GET /health/live; OSError or HTTPException when nobody answers."""
    connection = http.client.HTTPConnection("localhost", timeout=TIMEOUT)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(TIMEOUT)
    connection.sock.connect(path)
    connection.request("GET", "/health/live")
    return connection.getresponse().status


if __name__ == "__main__":
    # A 400 is an answer too: ALLOWED_HOSTS seldom has the name used here.
    sys.exit(status(os.environ["WEB_SOCKET"]) >= http.client.INTERNAL_SERVER_ERROR)
