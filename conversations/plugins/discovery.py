"""Finding plugins: the built-in one, those of the setting PLUGINS, and those installed."""

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from importlib.metadata import entry_points
from inspect import isclass

from django.conf import settings
from pluggy import PluginValidationError

from conversations.plugins.analytics import AnalyticsPlugin
from conversations.plugins.hook import Hook, hooks_of
from conversations.plugins.plugins import Plugins

GROUP = "conversation_service.plugins"

Source = tuple[str, Callable[[], object]]


class BadPlugin(Exception):
    """A plugin cannot be used; the message is one line that names it and where it came from."""


@lru_cache(maxsize=1)
def installed_plugins() -> Plugins:
    """Return the plugins that this process is configured for, found once; raises BadPlugin."""
    return find_plugins(settings.CONFIG.plugins)


def find_plugins(paths: Sequence[str]) -> Plugins:
    """Return the plugins of dotted `paths`, then those of installed packages; raises BadPlugin.

    One that is named twice counts once.
    """
    plugins = [hooks_of(AnalyticsPlugin(), name="analytics")]
    seen: list[object] = [AnalyticsPlugin]
    for origin, sources in (("PLUGINS", _named(paths)), (GROUP, _installed())):
        for name, load in sources:
            try:
                found = load()
                if found not in seen:
                    seen.append(found)
                    plugins.append(_hooks(found, name=name))
            # Loading runs code of others, which may raise anything.
            except Exception as error:
                raise BadPlugin(f"{origin}: {name}: {_one_line(error)}") from error
    return Plugins(plugins)


def _named(paths: Sequence[str]) -> Iterator[Source]:
    for path in paths:
        yield path, partial(pkgutil.resolve_name, path)


def _installed() -> Iterator[Source]:
    for entry in entry_points(group=GROUP):
        yield entry.name, entry.load


def _hooks(found: object, *, name: str) -> dict[str, Hook]:
    hooks = hooks_of(found() if isclass(found) else found, name=name)
    if not hooks:
        raise PluginValidationError(found, "no function in it is marked with hookimpl")
    return hooks


def _one_line(error: Exception) -> str:
    kind = "" if isinstance(error, PluginValidationError) else f"{type(error).__name__}: "
    return f"{kind}{' '.join(str(error).split())}"
