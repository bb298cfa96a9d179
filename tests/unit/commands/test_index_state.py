"""Declared indexes beside existing ones."""

from typing import Any

from bson import SON

from conversations.repository.index_state import Finding, State, compare
from conversations.repository.indexes import Index

PLAIN = Index(collection="things", name="by_owner", keys=(("owner", 1), ("_id", 1)))
RICH = Index(
    collection="things",
    name="once",
    keys=(("code", 1),),
    unique=True,
    partial={"kind": "a", "open": True},
    expire_after=0,
)


def existing(index: Index, **changes: Any) -> dict[str, Any]:
    """Return what the server says of an index, by its name, some of it changed."""
    definition: dict[str, Any] = {"v": 2, "key": [(field, kind) for field, kind in index.keys]}
    if index.unique:
        definition["unique"] = True
    if index.partial:
        definition["partialFilterExpression"] = SON(sorted(index.partial.items(), reverse=True))
    if index.expire_after is not None:
        definition["expireAfterSeconds"] = index.expire_after
    return {changes.pop("name", index.name): {**definition, **changes}}


def found(*declared: Index, **indexes: Any) -> list[Finding]:
    """Return the findings for one collection that also has its primary index."""
    return compare(declared, {"things": {"_id_": {"v": 2, "key": [("_id", 1)]}, **indexes}})


def test_it_finds_nothing_wrong_with_what_is_as_declared() -> None:
    """Options count by their values, not by the order or the type in which the server has them."""
    findings = found(PLAIN, RICH, **existing(PLAIN), **existing(RICH))
    assert [(it.name, it.state, it.difference) for it in findings] == [
        ("by_owner", State.OK, ""),
        ("once", State.OK, ""),
    ]


def test_it_takes_an_option_that_is_off_for_one_that_is_not_set() -> None:
    """Some servers list `unique: false`; a TTL of 0 seconds is not off."""
    [plain] = found(PLAIN, **existing(PLAIN, unique=False, sparse=False))
    assert plain.state is State.OK
    [plain] = found(PLAIN, **existing(PLAIN, expireAfterSeconds=0))
    assert (plain.state, plain.difference) == (State.DIFFERS, "expireAfterSeconds is 0")


def test_it_tells_what_is_missing() -> None:
    """Also where the collection does not exist yet."""
    assert [it.state for it in found(PLAIN, RICH, **existing(PLAIN))] == [State.OK, State.MISSING]
    assert [it.state for it in compare([PLAIN], {})] == [State.MISSING]


def test_it_says_in_which_way_an_index_differs() -> None:
    """Keys, their order or direction; an option more, less or of another value."""
    for changes, difference in (
        ({"key": [("_id", 1), ("owner", 1)]}, "keys are _id, owner"),
        ({"key": [("owner", -1), ("_id", 1)]}, "keys are owner (-1), _id"),
        ({"unique": True}, "unique is True"),
        ({"sparse": True, "hidden": True}, "hidden is True; sparse is True"),
    ):
        [finding] = found(PLAIN, **existing(PLAIN, **changes))
        assert (finding.state, finding.difference) == (State.DIFFERS, difference)
    [finding] = found(RICH, **existing(RICH, unique=False, partialFilterExpression={"kind": "a"}))
    assert finding.difference == "partialFilterExpression is {'kind': 'a'}; unique is not set"


def test_it_recognises_an_index_under_another_name() -> None:
    """The server would refuse to create it a second time: it differs, and is not extra too."""
    [finding] = found(PLAIN, **existing(PLAIN, name="owner_1__id_1"))
    assert finding.state is State.DIFFERS
    assert finding.existing_name == "owner_1__id_1"
    assert finding.difference == "its name is owner_1__id_1"


def test_it_lists_what_nobody_declared() -> None:
    """After the declared ones, without the primary index and without other collections."""
    other = {"elsewhere": {"by_x": {"v": 2, "key": [("x", 1)]}}}
    things = {**existing(PLAIN), "by_place": {"v": 2, "key": [("place", "2dsphere")]}}
    findings = compare([PLAIN], {"things": things, **other})
    assert [(it.collection, it.name, it.state) for it in findings] == [
        ("things", "by_owner", State.OK),
        ("things", "by_place", State.EXTRA),
    ]
    assert findings[1].keys == (("place", "2dsphere"),)
