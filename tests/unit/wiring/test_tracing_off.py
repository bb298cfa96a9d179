"""Without a collector tracing costs nothing."""

import os
import subprocess
import sys

import pytest

LOADED = """
import sys
import conversation_service.wsgi
print(*sys.modules)
"""


@pytest.mark.parametrize(("endpoint", "loads"), [("", False), ("http://127.0.0.1:9", True)])
def test_opentelemetry_is_loaded_only_where_it_is_asked_for(endpoint: str, *, loads: bool) -> None:
    """By the web server's door. What the Redis client loads of it by itself is another matter."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(ran.stdout.split())
    for name in (
        "conversation_service.tracing.setup",
        "opentelemetry.sdk.trace.export",
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        "opentelemetry.instrumentation.pymongo",
        "opentelemetry.instrumentation.requests",
    ):
        assert (name in loaded) is loads, name
