"""The data migrations that there are: the numbered modules of a package."""

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from conversations import data_migrations
from conversations.data_migrations.migration import Migration

_NUMBERED = re.compile(r"\d{4}_[a-z0-9_]+\Z")


def all_migrations(package: ModuleType = data_migrations) -> tuple[Migration, ...]:
    """Return the migrations of a package, in the order of their numbers."""
    return tuple(sorted(_found(package), key=lambda migration: migration.name))


def _found(package: ModuleType) -> Iterator[Migration]:
    for module in iter_modules(package.__path__):
        if _NUMBERED.match(module.name):
            yield _migration(module.name, import_module(f"{package.__name__}.{module.name}"))


def _migration(name: str, module: ModuleType) -> Migration:
    return Migration(
        name=name,
        about=module.ABOUT,
        collection=module.COLLECTION,
        fields=module.FIELDS,
        left=module.LEFT,
        wants=module.wants,
        changes=module.changes,
    )
