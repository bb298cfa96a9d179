"""The shard keys that docs/scaling.md gives, held against the declared indexes."""

import re

import pytest

from conversations.repository.indexes import CONVERSATIONS, EVENTS, INDEXES, Index
from tests.docs.pages import ROOT, Page

COMMAND = re.compile(r'^sh\.shardCollection\("\w+\.(\w+)", \{(.+)\}\)$')


def shard_keys() -> dict[str, tuple[str, ...]]:
    """Return the key that the page gives for each collection."""
    found = (COMMAND.match(line) for line in Page(ROOT / "docs" / "scaling.md").code)
    return {
        each[1]: tuple(part.partition(":")[0].strip() for part in each[2].split(","))
        for each in found
        if each
    }


def test_it_shards_what_grows() -> None:
    """Conversations and the log at least."""
    assert {CONVERSATIONS, EVENTS} <= set(shard_keys())


@pytest.mark.parametrize("index", [each for each in INDEXES if each.unique], ids=lambda i: i.name)
def test_every_unique_index_of_a_sharded_collection_begins_with_its_key(index: Index) -> None:
    """Or MongoDB refuses one of the two."""
    key = shard_keys().get(index.collection, ())
    assert index.fields[: len(key)] == key


@pytest.mark.parametrize("collection", [CONVERSATIONS, EVENTS])
def test_an_index_that_supports_the_key_is_declared(collection: str) -> None:
    """Begins with it, is whole and no TTL index: `setup_indexes` alone prepares for sharding."""
    key = shard_keys()[collection]
    supporting = [
        index
        for index in INDEXES
        if index.collection == collection
        and index.fields[: len(key)] == key
        and index.partial is None
        and index.expire_after is None
    ]
    assert supporting
