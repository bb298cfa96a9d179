"""POST /conversations."""

import re

import pytest

from tests.client import ApiClient
from tests.stored import stored

GRANDFATHERED = ["en-GB-oed", "sgn-BE-FR", "sgn-BE-NL", "sgn-CH-DE", "zh-min-nan", "art-lojban"]


def test_it_answers_with_the_whole_conversation(api: ApiClient) -> None:
    """201 with Location, ETag and every member of the contract."""
    answer = api.post("/conversations", {"character_id": "ada"})
    body = answer.json
    assert answer.status == 201
    assert answer.headers["Location"].endswith(f"/api/v1/conversations/{body['id']}")
    assert answer.headers["ETag"] == '"1"'
    moment = body["created_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
    assert body == {
        "id": body["id"],
        "user_id": api.user_id,
        "character_id": "ada",
        "character": {"name": "Ada Lovelace", "avatar_url": body["character"]["avatar_url"]},
        "title": "Ada Lovelace",
        "status": "active",
        "pinned": False,
        "tags": [],
        "folder_id": None,
        "settings": {
            "model": None,
            "temperature": None,
            "max_tokens": None,
            "language": None,
            "system_prompt": None,
        },
        "metadata": {"last_activity": moment, "message_count": 0},
        "created_at": moment,
        "updated_at": moment,
        "archived_at": None,
        "deleted_at": None,
        "expires_at": None,
        "version": 1,
    }
    assert api.read(body["id"]) == body


def test_it_keeps_what_the_caller_says(api: ApiClient) -> None:
    """Title and tags are trimmed, settings kept, duplicates of tags collapse to the first."""
    body = api.create(
        "borges",
        title="  La biblioteca — ¿y tú? 👩‍👩‍👧 ",
        tags=["Work", " work ", "Spaß", "SPASS", "x"],
        settings={"temperature": 0.5, "language": "es-AR", "system_prompt": " keep\nthis "},
        pinned=True,
        expires_at="2100-01-01T01:00:00.123456+01:00",
    )
    assert body["title"] == "La biblioteca — ¿y tú? 👩‍👩‍👧"
    assert body["tags"] == ["Work", "Spaß", "x"]
    assert body["settings"]["temperature"] == 0.5
    assert body["settings"]["system_prompt"] == " keep\nthis "
    assert body["pinned"] is True
    assert body["expires_at"] == "2100-01-01T00:00:00.123Z"


@pytest.mark.parametrize(
    "language",
    ["en", "pt-BR", "zh-Hant-TW", "x" + "-private" * 12, "i-klingon", "EN-gb-OED", *GRANDFATHERED],
)
def test_it_takes_every_well_formed_language(api: ApiClient, language: str) -> None:
    """BCP 47, private use included."""
    assert api.create(settings={"language": language})["settings"]["language"] == language


@pytest.mark.parametrize(
    ("text", "stored_as"),
    [
        ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00.000Z"),
        ("2100-01-01t00:00:00.9999999999999z", "2100-01-01T00:00:00.999Z"),
        ("2100-01-01T02:30:00+02:30", "2100-01-01T00:00:00.000Z"),
        ("2098-12-31T23:59:60Z", "2099-01-01T00:00:00.000Z"),
        ("2099-01-01T05:29:60.5+05:30", "2099-01-01T00:00:00.500Z"),
    ],
)
def test_it_takes_every_form_of_rfc_3339(api: ApiClient, text: str, stored_as: str) -> None:
    """Any fraction, any offset, a leap second."""
    assert api.create(expires_at=text)["expires_at"] == stored_as


def test_it_takes_null_as_not_given(api: ApiClient) -> None:
    """Generated clients send null for what their caller left out."""
    body = api.create(
        title=None, tags=None, settings=None, pinned=None, folder_id=None, expires_at=None
    )
    assert body["title"] == "Ada Lovelace"
    assert body["tags"] == []


def test_it_stores_one_event_with_the_document(api: ApiClient, database: None) -> None:
    """The event of the creation is in the document from the first write."""
    created = api.create(title="With an event")
    document = stored(api.user_id)
    [event] = document["pending_events"]
    assert event["event_type"] == "conversation.created"
    assert event["sequence"] == 1
    assert event["data"] == created
    assert event["actor"] == api.user_id
    assert document["pending_since"] == document["created_at"]


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        ({"character_id": None}, {"#/character_id": "null"}),
        ({"character_id": "a/../b"}, {"#/character_id": "invalid"}),
        ({"character_id": 7}, {"#/character_id": "invalid_type"}),
        ({"title": ""}, {"#/title": "blank"}),
        ({"title": " \u200d "}, {"#/title": "blank"}),
        ({"title": "\u3164\u2800"}, {"#/title": "blank"}),
        ({"title": "x" * 201}, {"#/title": "too_long"}),
        ({"title": "<b>"}, {"#/title": "invalid_characters"}),
        ({"title": "a\u202eb"}, {"#/title": "invalid_characters"}),
        ({"title": "a\u0000b"}, {"#/title": "invalid_characters"}),
        ({"title": 1}, {"#/title": "invalid_type"}),
        ({"tags": ["a"] * 9 + ["a/b"]}, {"#/tags/9": "invalid_characters"}),
        ({"tags": [str(n) for n in range(11)]}, {"#/tags": "too_many"}),
        ({"tags": ["x" * 51, 3]}, {"#/tags/0": "too_long", "#/tags/1": "invalid_type"}),
        ({"tags": "a"}, {"#/tags": "invalid_type"}),
        ({"settings": {"temperature": 2.1}}, {"#/settings/temperature": "out_of_range"}),
        ({"settings": {"temperature": True}}, {"#/settings/temperature": "invalid_type"}),
        ({"settings": {"max_tokens": 0}}, {"#/settings/max_tokens": "out_of_range"}),
        ({"settings": {"max_tokens": 1.5}}, {"#/settings/max_tokens": "invalid_type"}),
        ({"settings": {"language": "en_US"}}, {"#/settings/language": "invalid"}),
        ({"settings": {"language": "x" + "-private" * 13}}, {"#/settings/language": "invalid"}),
        ({"settings": {"language": "i-\u212alingon"}}, {"#/settings/language": "invalid"}),
        ({"settings": {"language": "i-nothing"}}, {"#/settings/language": "invalid"}),
        ({"settings": {"model": "x" * 129}}, {"#/settings/model": "too_long"}),
        ({"settings": {"system_prompt": "x" * 8001}}, {"#/settings/system_prompt": "too_long"}),
        ({"settings": {"a/b~c": 1}}, {"#/settings/a~1b~0c": "unknown_field"}),
        ({"settings": []}, {"#/settings": "invalid_type"}),
        ({"pinned": "true"}, {"#/pinned": "invalid_type"}),
        ({"expires_at": f"2100-01-01T00:00:00.{'0' * 39}Z"}, {"#/expires_at": "invalid_datetime"}),
        ({"expires_at": "2100-01-01T00:00:00"}, {"#/expires_at": "invalid_datetime"}),
        ({"expires_at": "2100-01-01T00:00:00+00:60"}, {"#/expires_at": "invalid_datetime"}),
        ({"expires_at": "2100-01-01T00:00:60Z"}, {"#/expires_at": "invalid_datetime"}),
        ({"expires_at": "2100-01-01T23:59:60+01:00"}, {"#/expires_at": "invalid_datetime"}),
        ({"expires_at": "2020-01-01T00:00:00Z"}, {"#/expires_at": "in_the_past"}),
        ({"folder_id": "6741"}, {"#/folder_id": "folder_not_found"}),
        ({"template_id": "6741"}, {"#/template_id": "template_not_found"}),
        ({"id": "x", "nonsense": 1}, {"#/id": "read_only", "#/nonsense": "unknown_field"}),
    ],
)
def test_it_refuses_what_breaks_a_rule(
    api: ApiClient, members: dict[str, object], faults: dict[str, str]
) -> None:
    """400 with a pointer and a code for each fault, and nothing is stored."""
    answer = api.post("/conversations", {"character_id": "ada", **members})
    assert answer.status == 400
    assert answer.code == "invalid_request"
    assert answer.faults == faults
    assert api.titles("?status=all") == []


@pytest.mark.parametrize("body", [[], "x", 1, None, True])
def test_it_refuses_a_body_that_is_no_object(api: ApiClient, body: object) -> None:
    """400 at the root of the body."""
    answer = api.send("POST", "/conversations", b"null" if body is None else body)
    assert answer.status == 400
    assert answer.faults == {"#": "invalid_type"}


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"character_id": NaN}', b'{"title": "\\ud800"}', b"\xff", b"[" * 2000, b"1e999"],
)
def test_it_refuses_what_is_not_json(api: ApiClient, body: bytes) -> None:
    """400 malformed_request, never a 500."""
    answer = api.send("POST", "/conversations", body)
    assert (answer.status, answer.code) == (400, "malformed_request")


def test_it_refuses_a_character_that_nobody_knows(api: ApiClient) -> None:
    """422 character_not_found, pointing to the member."""
    answer = api.post("/conversations", {"character_id": "nobody"})
    assert (answer.status, answer.code) == (422, "character_not_found")
    assert answer.faults == {"#/character_id": "character_not_found"}


def test_it_never_echoes_a_value(api: ApiClient) -> None:
    """What was sent does not come back in the error."""
    secret = "hunter2hunter2"
    answer = api.post("/conversations", {"character_id": f"{secret}/", "title": f"<{secret}>"})
    assert answer.status == 400
    assert secret.encode() not in answer.content
