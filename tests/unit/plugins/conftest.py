"""Plugins are waited for as long as a busy machine may need; tests of lateness say otherwise."""

import pytest

from conversations.plugins import asking


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "LIMIT", 20.0)
