"""The analytics plugin, which works while its flag is on."""

import re
from typing import Any

import pytest
from prometheus_client import REGISTRY

from conversations import dependencies
from conversations.plugins import asking
from conversations.plugins.analytics import AnalyticsPlugin, Report
from tests.client import ApiClient
from tests.doubles.plugins import plugins_of, threads_of
from tests.doubles.supervised import eventually

SECONDS = 20.0
ANALYTICS_ID = re.compile(r"[0-9a-f]{32}\Z")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for plugins as long as a busy machine may need."""
    monkeypatch.setattr(asking, "LIMIT", SECONDS)


def switch(settings: Any, *, on: bool) -> None:
    changes = {"enable_conversation_analytics": on}
    settings.CONFIG = settings.CONFIG.model_copy(update=changes)


def reports(event_type: str) -> float:
    name, labels = "conversation_analytics_reports_total", {"event_type": event_type}
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_it_does_nothing_while_its_flag_is_off(api: ApiClient, settings: Any) -> None:
    """Not even start a thread, though it is registered."""
    switch(settings, on=False)
    reported: list[Report] = []
    plugin = AnalyticsPlugin(report=reported.append)
    with dependencies.override(plugins=plugins_of(idle_analytics=plugin)):
        created = api.create()
        api.patch(created["id"], {"title": "New"})
    assert created["metadata"].keys() == {"last_activity", "message_count"}
    assert (reported, threads_of("idle_analytics")) == ([], [])


def test_it_reports_changes_under_a_random_id(api: ApiClient, settings: Any) -> None:
    """Neither content nor user; conversations from before have no id, nor have purged ones."""
    old = api.create(title="From before")
    switch(settings, on=True)
    reported: list[Report] = []
    plugin = AnalyticsPlugin(report=reported.append)
    with dependencies.override(plugins=plugins_of(analytics=plugin)):
        first, second = api.create(title="Secret"), api.create(title="Secret")
        api.patch(first["id"], {"title": "Hidden"})
        api.post(f"/conversations/{old['id']}/archive")
        api.delete(first["id"], "?permanent=true")
        assert eventually(lambda: len(reported) == 5, SECONDS)
    ids = [each["metadata"]["analytics_id"] for each in (first, second)]
    assert all(ANALYTICS_ID.match(each) for each in ids)
    assert ids[0] != ids[1]
    assert [(it.analytics_id, it.event_type, it.changed) for it in reported] == [
        (ids[0], "conversation.created", []),
        (ids[1], "conversation.created", []),
        (ids[0], "conversation.updated", ["title"]),
        (None, "conversation.archived", ["archived_at", "status"]),
        (None, "conversation.purged", []),
    ]


def test_it_is_registered_from_the_start(
    api: ApiClient, settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Switched on, it logs a line for each change and counts it by its type."""
    before = reports("conversation.created")
    switch(settings, on=True)
    created = api.create(title="Secret")
    assert eventually(lambda: reports("conversation.created") == before + 1, SECONDS)
    said: list[str] = []

    def lines() -> list[str]:
        said.append(capfd.readouterr().out)
        return [it for it in "".join(said).splitlines() if '"conversation analytics"' in it]

    assert eventually(lambda: len(lines()) == 1, SECONDS)
    [line] = lines()
    assert f'"analytics_id":"{created["metadata"]["analytics_id"]}"' in line
    assert "Secret" not in line
    assert api.user_id not in line
