"""The plugins of a process, as the services call them: nothing a plugin does reaches the caller."""

from collections.abc import Mapping, Sequence
from typing import Any

from conversations.caller import Caller
from conversations.events.envelope import CREATED
from conversations.plugins.asking import Asked, ask
from conversations.plugins.hook import Hook
from conversations.plugins.metadata import added
from conversations.plugins.telling import Told
from conversations.repository.database import Document
from conversations.representation import optional_timestamp, represent

BIRTHS = frozenset({CREATED, "conversation.duplicated"})


class Plugins:
    """The hooks of each plugin (hook.hooks_of), in the order in which their answers count.

    Threads are started by the first call of a plugin, never before, and none where there is none.
    """

    def __init__(self, plugins: Sequence[Mapping[str, Hook]]) -> None:
        def all_of(name: str) -> list[Hook]:
            return [hooks[name] for hooks in plugins if name in hooks]

        self._before_create = [Asked(hook) for hook in all_of("before_create")]
        self._before_update = [Asked(hook) for hook in all_of("before_update")]
        self._after_create = [Told(hook) for hook in all_of("after_create")]
        self._after_change = [Told(hook) for hook in all_of("after_change")]

    def before_create(self, document: Document, *, caller: Caller) -> dict[str, Any]:
        """Return what plugins add to the metadata of a document that is about to be inserted."""
        return _answers(self._before_create, document, caller=caller)

    def before_update(
        self, document: Document, *, patch: Mapping[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Return what plugins add to the metadata of a document that is about to be changed."""
        return _answers(self._before_update, document, caller=caller, patch=patch)

    def after_write(self, event: dict[str, Any]) -> None:
        """Let plugins hear of a change that is stored; returns at once."""
        if event["event_type"] in BIRTHS:
            _tell(self._after_create, event)
        _tell(self._after_change, event)


def _answers(
    hooks: Sequence[Asked],
    document: Document,
    *,
    caller: Caller,
    patch: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    on = [asked for asked in hooks if asked.hook.is_on()]
    if not on:
        return {}
    arguments = {"conversation": represent(document), "caller": caller}
    if patch is not None:
        arguments["patch"] = _as_json(patch)
    return added(document["metadata"], ask(on, arguments, deadline=caller.deadline))


def _as_json(patch: Mapping[str, Any]) -> dict[str, Any]:
    if "expires_at" not in patch:
        return dict(patch)
    return {**patch, "expires_at": optional_timestamp(patch["expires_at"])}


def _tell(hooks: Sequence[Told], event: dict[str, Any]) -> None:
    for told in hooks:
        if told.hook.is_on():
            told.tell(event)
