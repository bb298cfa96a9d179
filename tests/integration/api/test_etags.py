"""ETag, If-None-Match and If-Match."""

import pytest
from bson import ObjectId

from conversations.repository.database import collection
from tests.client import ApiClient


@pytest.mark.parametrize("header", ['"1"', 'W/"1"', '"9", "1"', "*", ' "1" '])
def test_it_answers_304_to_who_has_it_already(api: ApiClient, header: str) -> None:
    """If-None-Match compares weakly and takes lists."""
    path = f"/conversations/{api.create()['id']}"
    answer = api.get(path, **{"If-None-Match": header})
    assert (answer.status, answer.content) == (304, b"")
    assert answer.headers["ETag"] == '"1"'


@pytest.mark.parametrize("header", ['"2"', '"1.1"', '"11"'])
def test_it_answers_in_full_to_who_has_another(api: ApiClient, header: str) -> None:
    """A tag that is not the current one."""
    path = f"/conversations/{api.create()['id']}"
    assert api.get(path, **{"If-None-Match": header}).status == 200


def test_it_counts_activities_in_the_etag_but_not_in_if_match(api: ApiClient) -> None:
    """`"1.3"` after three activities: readers see a change, editors do not."""
    created = api.create()
    path = f"/conversations/{created['id']}"
    collection("conversations").update_one(
        {"_id": ObjectId(created["id"])}, {"$inc": {"activity_rev": 3}}
    )
    assert api.get(path).headers["ETag"] == '"1.3"'
    assert api.get(path, **{"If-None-Match": '"1"'}).status == 200
    assert api.get(path, **{"If-None-Match": '"1.3"'}).status == 304
    assert api.patch(created["id"], {"title": "x"}, **{"If-Match": '"1"'}).status == 200
    refused = api.patch(created["id"], {"title": "y"}, **{"If-Match": '"1.3"'})
    assert (refused.status, refused.headers["ETag"]) == (412, '"2.3"')


CHANGES = [
    ("PATCH", "", {"title": "New"}),
    ("POST", "/archive", None),
    ("POST", "/unarchive", None),
    ("POST", "/restore", None),
    ("DELETE", "", None),
    ("DELETE", "?permanent=true", None),
]


@pytest.mark.parametrize(("method", "suffix", "body"), CHANGES)
def test_it_refuses_every_change_of_another_version(
    api: ApiClient, method: str, suffix: str, body: object
) -> None:
    """412 with the current ETag, and nothing changes."""
    created = api.create()
    path = f"/conversations/{created['id']}"
    for stale in ('"2"', 'W/"1"', '"nonsense"'):
        answer = api.send(method, path + suffix, body, headers={"If-Match": stale})
        assert (answer.status, answer.code) == (412, "version_mismatch")
        assert answer.headers["ETag"] == '"1"'
    assert api.read(created["id"]) == created
    for fitting in ('"1"', '"7", "1.5"', "*"):
        assert api.send(method, path + suffix, body, headers={"If-Match": fitting}).status < 300
        created = api.create()
        path = f"/conversations/{created['id']}"


@pytest.mark.parametrize("header", ["1", '"1', "'1'", '"1" "2"', ""])
def test_it_refuses_a_header_that_is_no_list_of_tags(api: ApiClient, header: str) -> None:
    """A broken precondition must not count as none."""
    created = api.create()
    answer = api.patch(created["id"], {"title": "x"}, **{"If-Match": header})
    assert (answer.status, answer.faults) == (400, {"If-Match": "malformed"})
    assert api.read(created["id"]) == created
