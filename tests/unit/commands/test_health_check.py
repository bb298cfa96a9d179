"""`manage.py health_check`: the verdict on what the probes say, as a table, JSON and exit code."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pymongo.errors import AutoReconnect

from conversation_service import health_report
from conversation_service.refreshed import Refreshed
from conversations.errors import NotSetUp

WELL = {"status": "healthy", "latency_ms": 1.5}
AWAY = {"status": "unhealthy", "latency_ms": None, "last_error": "timeout"}
SLOW = {"status": "degraded", "latency_ms": 1.5, "indexes": ["conversations.by_title (missing)"]}
Say = Callable[..., None]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """Decide what the probes say, and whether the database is set up."""
    with ThreadPoolExecutor() as pool:

        def decide(*, lacking: Exception | None = None, **reports: Mapping[str, Any]) -> None:
            probes: dict[str, Refreshed[dict[str, Any]]] = {
                name: Refreshed(partial(dict, report), pool=pool, keep=60.0, patience=30.0)
                for name, report in reports.items()
            }

            def require() -> None:
                if lacking is not None:
                    raise lacking

            monkeypatch.setattr(health_report, "probes", lambda: probes)
            monkeypatch.setattr(health_report, "require_unique_indexes", require)

        yield decide


def check(**options: Any) -> tuple[int, str]:
    """Run the command; returns its exit code, and what it printed."""
    output = StringIO()
    try:
        call_command("health_check", stdout=output, **options)
    except CommandError as error:
        return error.returncode, f"{output.getvalue()}{error}"
    return 0, output.getvalue()


def test_it_exits_with_0_where_all_are_well(say: Say) -> None:
    """Each with its time."""
    say(mongodb=WELL, redis=WELL)
    code, output = check()
    assert code == 0
    assert "1.5 ms" in output


@pytest.mark.parametrize("report", [AWAY, SLOW], ids=["away", "slow"])
def test_it_exits_with_1_where_one_is_not_well(say: Say, report: Mapping[str, Any]) -> None:
    """Requests are served: as long as the database itself answers."""
    other = {"mongodb": SLOW, "redis": WELL} if report is SLOW else {"mongodb": WELL, "redis": AWAY}
    say(**other)
    code, output = check()
    assert code == 1
    assert "timeout" in output or "conversations.by_title (missing)" in output


def test_it_exits_with_2_while_the_database_is_away(say: Say) -> None:
    """Then no request is served."""
    say(mongodb=AWAY, redis=WELL)
    code, output = check()
    assert code == 2
    assert "The database does not answer." in output


@pytest.mark.parametrize(
    "lacking",
    [NotSetUp(["conversation_events.by_position (missing)"]), AutoReconnect("hush")],
    ids=["without-its-unique-indexes", "gone-meanwhile"],
)
def test_it_exits_with_2_while_the_service_would_not_begin(say: Say, lacking: Exception) -> None:
    """And says what to do; never what a driver quotes."""
    say(mongodb=WELL, lacking=lacking)
    code, output = check()
    assert code == 2
    assert "hush" not in output


@pytest.mark.parametrize(
    ("report", "told"),
    [(WELL, ("healthy", True)), (SLOW, ("degraded", True)), (AWAY, ("unhealthy", False))],
    ids=["healthy", "degraded", "unhealthy"],
)
def test_it_prints_the_body_of_health_as_json(
    say: Say, report: Mapping[str, Any], told: tuple[str, bool]
) -> None:
    """With the verdict of the exit code."""
    say(mongodb=report)
    output = StringIO()
    with suppress(CommandError):
        call_command("health_check", json=True, stdout=output)
    body = json.loads(output.getvalue())
    assert (body["status"], body["ready"]) == told
    assert body["dependencies"] == {"mongodb": report}
    assert body["service"] == "conversation-service"
