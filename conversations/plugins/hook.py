"""One plugin's implementation of one hook, to be called apart from all others."""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from pluggy import PluginManager

from conversations.flags import Flag, is_enabled
from conversations.plugins import specs
from conversations.plugins.metrics import CALLS, SECONDS, Outcome, hook_named

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """What to call, and in whose name. `flag` switches it, where the plugin has one."""

    plugin: str
    name: str
    flag: Flag | None
    call: Callable[..., list[Any]]

    def is_on(self) -> bool:
        """Say whether to call it at all."""
        return self.flag is None or is_enabled(self.flag)

    def run(self, arguments: Mapping[str, Any]) -> list[Any]:
        """Call it with copies of its own, and return what it returned, None left out.

        Raises whatever the plugin raises.
        """
        started = time.perf_counter()
        try:
            return self.call(**copy.deepcopy(dict(arguments)))
        finally:
            SECONDS.labels(self.plugin, self.name).observe(time.perf_counter() - started)

    def count(self, outcome: Outcome) -> None:
        """Count a call."""
        CALLS.labels(self.plugin, self.name, outcome).inc()

    def tell_of_failure(self, error: BaseException) -> None:
        """Count and log a call that raised."""
        self.count("failed")
        log.error("plugin failed", plugin=self.plugin, hook=self.name, exc_info=error)

    def warn(self, message: str, **fields: Any) -> None:
        """Log something about the plugin that is no exception."""
        log.warning(message, plugin=self.plugin, hook=self.name, **fields)


def hooks_of(plugin: object, *, name: str) -> dict[str, Hook]:
    """Return the hooks that a plugin implements, by their names.

    Each plugin has a manager of its own: one for all would call them one after the other, and stop
    at the first exception. Raises pluggy's PluginValidationError where it does not fit specs.py.
    """
    flag = getattr(plugin, "flag", None)
    manager = PluginManager(specs.PROJECT)
    manager.add_hookspecs(specs)
    manager.register(plugin, name=name)
    manager.check_pending()
    hooks = {
        caller.name: Hook(
            plugin=name,
            name=caller.name,
            flag=flag if isinstance(flag, Flag) else None,
            call=caller,
        )
        for caller in manager.get_hookcallers(plugin) or ()
    }
    for hook in hooks:
        hook_named(plugin=name, hook=hook)
    return hooks
