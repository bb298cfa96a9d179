"""The declared indexes beside those that the database has: compared, created, dropped."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from conversations.repository.database import collection
from conversations.repository.indexes import INDEXES, Index

Existing: TypeAlias = Mapping[str, Mapping[str, Any]]
"""The indexes of one collection by name, as pymongo's index_information() returns them."""

Keys: TypeAlias = tuple[tuple[str, Any], ...]

PRIMARY = "_id_"
# What the server adds to a definition by itself, or says of it without meaning.
_WITHOUT_MEANING = {"v", "key", "name", "ns", "background"}


class State(StrEnum):
    """How an index stands to its declaration."""

    OK = "ok"
    MISSING = "missing"
    DIFFERS = "differs"
    EXTRA = "extra"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One index, declared or found.

    `declared` is None for an extra one. `existing_name` is its name in the database, None if it
    is missing; it can be another than the declared one, which counts as differing. `difference`
    says in words what differs.
    """

    collection: str
    name: str
    keys: Keys
    state: State
    declared: Index | None = None
    existing_name: str | None = None
    difference: str = ""

    @property
    def is_as_good(self) -> bool:
        """Whether the database has this index, be it under another name, or it is an extra one."""
        renamed = self.state is State.DIFFERS and self.existing_name != self.name
        return renamed or self.state in {State.OK, State.EXTRA}

    @property
    def label(self) -> str:
        """Its collection, its name and its state, in words."""
        return f"{self.collection}.{self.name} ({self.state})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Definition:
    keys: Keys
    options: Mapping[str, Any]

    def difference(self, found: "_Definition") -> str:
        """Say what `found` has another way than declared; nothing if it is the same."""
        keys = [] if self.keys == found.keys else [f"keys are {keys_in_words(found.keys)}"]
        options = [
            f"{name} is {found.options.get(name, 'not set')}"
            for name in sorted(self.options.keys() | found.options.keys())
            if self.options.get(name) != found.options.get(name)
        ]
        return "; ".join(keys + options)


def keys_in_words(keys: Keys) -> str:
    """Return the fields, each with its direction or kind where that is not ascending."""
    return ", ".join(field if kind == 1 else f"{field} ({kind})" for field, kind in keys)


def inspect_indexes() -> list[Finding]:
    """Compare every declared index with the database: one listIndexes for each collection."""
    names = {index.collection for index in INDEXES}
    return compare(INDEXES, {name: collection(name).index_information() for name in names})


def compare(declared: Iterable[Index], existing: Mapping[str, Existing]) -> list[Finding]:
    """Return a finding for each declared index, in their order, then for each extra one.

    `existing` has the indexes of each collection by the collection's name. Collections that no
    declaration names, and the index on `_id`, are nobody's business here.
    """
    findings = [_judge(index, existing.get(index.collection, {})) for index in declared]
    known = {(finding.collection, finding.existing_name) for finding in findings}
    watched = dict.fromkeys(finding.collection for finding in findings)
    extra = (found for name in watched for found in _others(name, existing.get(name, {})))
    return findings + [found for found in extra if (found.collection, found.name) not in known]


def _judge(index: Index, existing: Existing) -> Finding:
    wanted = _declared(index)
    name = _matching_name(index, wanted, existing)
    if name is None:
        state, difference = State.MISSING, ""
    else:
        difference = wanted.difference(_found(existing[name])) or _renaming(index, name)
        state = State.DIFFERS if difference else State.OK
    return Finding(
        collection=index.collection,
        name=index.name,
        keys=index.keys,
        state=state,
        declared=index,
        existing_name=name,
        difference=difference,
    )


def _matching_name(index: Index, wanted: _Definition, existing: Existing) -> str | None:
    """Find the index by its name, or the same one under another: the server refuses a second."""
    if index.name in existing:
        return index.name
    return next((name for name, found in existing.items() if _found(found) == wanted), None)


def _renaming(index: Index, name: str) -> str:
    return "" if name == index.name else f"its name is {name}"


def _others(collection_name: str, existing: Existing) -> Iterator[Finding]:
    for name, definition in existing.items():
        if name != PRIMARY:
            yield Finding(
                collection=collection_name,
                name=name,
                keys=_found(definition).keys,
                state=State.EXTRA,
                existing_name=name,
            )


def _declared(index: Index) -> _Definition:
    return _Definition(keys=index.keys, options=options_of(index))


def options_of(index: Index) -> dict[str, Any]:
    """Return what a declaration says beside keys and name, as createIndexes takes it."""
    options: dict[str, Any] = {}
    if index.unique:
        options["unique"] = True
    if index.partial:
        options["partialFilterExpression"] = dict(index.partial)
    if index.expire_after is not None:
        options["expireAfterSeconds"] = index.expire_after
    return options


def _found(definition: Mapping[str, Any]) -> _Definition:
    options = {
        name: _plain(value)
        for name, value in definition.items()
        if name not in _WITHOUT_MEANING and value is not False
    }
    return _Definition(keys=tuple(map(tuple, definition["key"])), options=options)


def _plain(value: Any) -> Any:
    """Return BSON documents as dicts, which compare whatever the order of their members."""
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, list) else value


def create_index(index: Index) -> None:
    """Create a declared index; nothing happens if it is there.

    Raises pymongo's OperationFailure when one of that name or those keys is defined otherwise, or
    when duplicates stand in the way of a unique one.
    """
    collection(index.collection).create_index(
        list(index.keys), name=index.name, **options_of(index)
    )


def drop_index(*, collection_name: str, name: str) -> None:
    """Drop an index by its name."""
    collection(collection_name).drop_index(name)
