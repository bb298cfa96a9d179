"""Plugins for tests: one that does as it is told, and the collaborators it is called by."""

import threading
from collections.abc import Callable
from typing import Any

from prometheus_client import REGISTRY

from conversations.caller import Caller, system_caller
from conversations.plugins import hookimpl
from conversations.plugins.hook import hooks_of
from conversations.plugins.plugins import Plugins
from conversations.repository.database import Document
from tests.factories import ConversationDocumentFactory


class Asking:
    """Answers to before_create with what `answer` returns."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    @hookimpl
    def before_create(self) -> Any:
        """Answer."""
        return self._answer()


class Listening:
    """Keeps every event that it hears of, and hands it to `react`."""

    def __init__(self, react: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        self.heard: list[dict[str, Any]] = []
        self._react = react

    @hookimpl
    def after_change(self, event: dict[str, Any]) -> None:
        """Keep the event, and react."""
        self.heard.append(event)
        self._react(event)


def plugins_of(**plugins: object) -> Plugins:
    """Return these plugins, registered under their names."""
    return Plugins([hooks_of(plugin, name=name) for name, plugin in plugins.items()])


def asked(plugins: Plugins) -> dict[str, Any]:
    """Return what plugins add to a new conversation."""
    return plugins.before_create(new_document(), caller=somebody())


def new_document() -> Document:
    document: Document = ConversationDocumentFactory.build()
    return document


def somebody() -> Caller:
    return system_caller(actor="somebody", owner="somebody", seconds=30)


def calls(plugin: str, hook: str, outcome: str) -> float:
    """Return how often a call has ended so."""
    labels = {"plugin": plugin, "hook": hook, "outcome": outcome}
    return REGISTRY.get_sample_value("plugin_calls_total", labels) or 0.0


def threads_of(plugin: str) -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == f"plugin-{plugin}"]
