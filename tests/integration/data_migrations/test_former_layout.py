"""What becomes of a document of the former service, as the API shows it afterwards."""

from datetime import timedelta
from typing import Any, TypeAlias

from bson import ObjectId

from conversations.dependencies import utc_now
from conversations.repository.database import Document
from tests.client import ApiClient
from tests.integration.data_migrations.former import (
    CREATED,
    id_of,
    import_documents,
    migrate,
    old_document,
    progress,
    raw,
)

AT = "2024-03-01T09:30:15.250Z"
LATER, LATEST = "2024-03-02T09:30:15.250Z", "2024-03-03T09:30:15.250Z"
FUTURE = utc_now() + timedelta(days=400)
SECONDS = 1_709_285_415.25  # CREATED
Cases: TypeAlias = dict[str, tuple[Any, Any]]  # by name: what was stored, what is shown
NO_SETTINGS = dict.fromkeys(("model", "temperature", "max_tokens", "language", "system_prompt"))


def migrated(api: ApiClient, *documents: Document) -> list[dict[str, Any]]:
    """Return what the API shows of old documents after their migration."""
    ids = import_documents(*documents)
    code, output = migrate()
    assert code == 0, output
    return [api.read(conversation_id) for conversation_id in ids]


def become(api: ApiClient, field: str, cases: Cases) -> dict[str, Any]:
    """Return what each case's value of a field has become, by the case's name."""
    documents = [old_document(api.user_id, **{field: value}) for value, _ in cases.values()]
    shown = migrated(api, *documents)
    return {name: each[field] for name, each in zip(cases, shown, strict=True)}


def expected(cases: Cases) -> dict[str, Any]:
    """Return what each case's value should become."""
    return {name: value for name, (_, value) in cases.items()}


def test_it_becomes_a_conversation_like_any_other(api: ApiClient) -> None:
    """Nothing of it is lost, and what it did not have is as in a new one."""
    [conversation_id] = import_documents(old_document(api.user_id))
    assert migrate()[0] == 0
    assert api.read(conversation_id) == {
        "id": conversation_id,
        "user_id": api.user_id,
        "character_id": "ada",
        "character": {"name": "ada", "avatar_url": None},
        "title": "On engines",
        "status": "active",
        "pinned": False,
        "tags": ["letters"],
        "folder_id": None,
        "settings": {**NO_SETTINGS, "model": "small", "temperature": 0.7, "language": "en"},
        "metadata": {"last_activity": LATEST, "message_count": 12},
        "created_at": AT,
        "updated_at": LATER,
        "archived_at": None,
        "deleted_at": None,
        "expires_at": None,
        "version": 1,
    }


def test_a_version_of_its_own_means_nothing(api: ApiClient) -> None:
    """It begins with the first of this service."""
    [conversation_id] = import_documents(old_document(api.user_id, version="3"))
    assert migrate()[0] == 0
    assert api.read(conversation_id)["version"] == 1
    assert api.patch(conversation_id, {"pinned": True}).json["version"] == 2


def test_it_is_stored_with_every_field_of_a_new_one(api: ApiClient) -> None:
    """So that every reader and every later migration finds what it expects."""
    new = raw(api.create()["id"])
    [conversation_id] = import_documents(old_document(api.user_id))
    migrate()
    assert raw(conversation_id).keys() == new.keys() - {"pending_since"} | {"harvested"}


def test_it_can_be_found_listed_changed_and_looked_back_on(api: ApiClient) -> None:
    """Its history begins with the first change."""
    [conversation_id] = import_documents(old_document(api.user_id))
    migrate()
    for query in ("q=engin", "tag=letters", "ordering=title", "character_id=ada"):
        rows = api.get(f"/conversations?{query}").json["results"]
        assert [row["id"] for row in rows] == [conversation_id], query
    path = f"/conversations/{conversation_id}/history"
    assert api.get(path).json["results"] == []
    assert api.patch(conversation_id, {"pinned": True}).json["version"] == 2
    [event] = api.get(path).json["results"]
    assert event["sequence"] == 2


TITLES: Cases = {
    "spaces": ("  On \n engines ", "On engines"),
    "refused-characters": ("<b>On</b> engines\u202e\0", "bOn/b engines"),
    "too-long": ("é" * 201, "é" * 200),
    "empty": ("", "ada"),
    "nothing-left": ("<>", "ada"),
    "null": (None, "ada"),
    "no-text": ({"a": 1}, "ada"),
}


def test_a_title_is_made_to_fit(api: ApiClient) -> None:
    """Else it is called after its character."""
    assert become(api, "title", TITLES) == expected(TITLES)


STATUSES: Cases = {
    "upper-case": ("ACTIVE", "active"),
    "spaces": (" Archived ", "archived"),
    "name-of-an-enum": ("ConversationStatus.DELETED", "deleted"),
    "null": (None, "active"),
}


def test_a_status_is_read_leniently(api: ApiClient) -> None:
    """Whatever its case."""
    assert become(api, "status", STATUSES) == expected(STATUSES)


def test_what_was_archived_is_so_since_its_last_edit(api: ApiClient) -> None:
    """Nothing else is known."""
    [shown] = migrated(api, old_document(api.user_id, status="archived"))
    assert shown["archived_at"] == LATER


def test_what_was_deleted_comes_into_the_trash_today(api: ApiClient) -> None:
    """Else the sweep would purge it within a minute."""
    before = utc_now()
    [shown] = migrated(api, old_document(api.user_id, status="deleted"))
    assert before.isoformat(timespec="milliseconds") <= shown["deleted_at"]


TAGS: Cases = {
    "null": (None, []),
    "a-text": ("letters", ["letters"]),
    "a-mix": ([" a  b ", "A B", "c/d", "<", "", None, 5, ["x"]], ["a b", "cd"]),
    "too-long": (["x" * 51], ["x" * 50]),
    "too-many": ([f"t{n}" for n in range(12)], [f"t{n}" for n in range(10)]),
    "no-list": ({"a": 1}, []),
}


def test_tags_are_made_to_fit(api: ApiClient) -> None:
    """What is no tag is left out."""
    assert become(api, "tags", TAGS) == expected(TAGS)


SETTINGS: Cases = {
    "null": (None, {}),
    "no-object": ([1], {}),
    "unknown-members": ({"stream": True, "model": " m "}, {"model": "m"}),
    "broken-rules": ({"model": "m" * 129, "language": "??"}, {}),
    "underscore": ({"language": "es_MX"}, {"language": "es-MX"}),
    "number-as-text": ({"temperature": "0.5"}, {"temperature": 0.5}),
    "out-of-range": ({"temperature": 2.5, "max_tokens": 0}, {}),
    "no-number": ({"temperature": float("nan"), "max_tokens": True}, {}),
    "whole-float": ({"max_tokens": 512.0}, {"max_tokens": 512}),
    "too-long": ({"system_prompt": "p" * 8001}, {"system_prompt": "p" * 8000}),
    "blank": ({"system_prompt": " \0 "}, {}),
}


def test_settings_keep_what_follows_the_rules(api: ApiClient) -> None:
    """The rest is as if it had never been set."""
    assert become(api, "settings", SETTINGS) == {
        name: {**NO_SETTINGS, **kept} for name, kept in expected(SETTINGS).items()
    }


MOMENTS: Cases = {
    "seconds": (SECONDS, AT),
    "milliseconds": (int(SECONDS * 1000), AT),
    "seconds-as-text": (str(SECONDS), AT),
    "iso": ("2024-03-01T09:30:15.250999Z", AT),
    "iso-with-offset": ("2024-03-01 11:30:15.250+02:00", AT),
    "iso-without-offset": (CREATED.isoformat(), AT),
}


def test_a_moment_is_read_in_many_forms(api: ApiClient) -> None:
    """What names no offset is UTC."""
    assert become(api, "created_at", MOMENTS) == expected(MOMENTS)


NO_MOMENTS = (None, "yesterday", float("nan"), 1e300, True, ObjectId())


def test_without_a_moment_it_was_created_when_its_id_was(api: ApiClient) -> None:
    """And edited, and used, no earlier than that."""
    documents = [
        old_document(
            api.user_id,
            _id=id_of(CREATED),
            created_at=value,
            updated_at=value,
            metadata={"last_activity": value},
        )
        for value in NO_MOMENTS
    ]
    for value, shown in zip(NO_MOMENTS, migrated(api, *documents), strict=True):
        moments = [shown["created_at"], shown["updated_at"], shown["metadata"]["last_activity"]]
        assert moments == ["2024-03-01T09:30:15.000Z"] * 3, value


def test_no_moment_lies_before_the_creation_or_after_today(api: ApiClient) -> None:
    """Else events would go back in time, or wait for years."""
    before = CREATED - timedelta(days=1)
    document = old_document(
        api.user_id, updated_at=before, metadata={"last_activity": FUTURE, "message_count": 1}
    )
    [shown] = migrated(api, document)
    assert shown["updated_at"] == AT
    assert shown["metadata"]["last_activity"] < f"{FUTURE:%Y-%m-%d}"


COUNTS: Cases = {
    "float": ({"message_count": 7.9}, 7),
    "text": ({"message_count": "7"}, 7),
    "negative": ({"message_count": -7}, 0),
    "null": ({"message_count": None}, 0),
    "no-metadata": (None, 0),
    "metadata-of-another-type": ("none", 0),
}


def test_messages_are_counted_leniently(api: ApiClient) -> None:
    """Without a last activity it is the last edit."""
    assert become(api, "metadata", COUNTS) == {
        name: {"last_activity": LATER, "message_count": number}
        for name, number in expected(COUNTS).items()
    }


def test_a_document_with_two_ids_alone_is_enough(api: ApiClient) -> None:
    """All else has a rule for its absence."""
    [shown] = migrated(api, {"_id": id_of(CREATED), "user_id": api.user_id, "character_id": "ada"})
    assert shown["title"] == "ada"


def _unfit(user_id: str) -> list[tuple[str, Document]]:
    return [
        ("user_id", old_document(user_id, user_id="not a user")),
        ("user_id", old_document(user_id, user_id=ObjectId())),
        ("user_id", old_document(user_id, without=("user_id",))),
        ("character_id", old_document(user_id, character_id="../admin")),
        ("character_id", old_document(user_id, without=("character_id",))),
        ("status", old_document(user_id, status="paused")),
    ]


def test_what_cannot_be_known_is_told_and_left_alone(api: ApiClient) -> None:
    """By id and reason, with an exit code; the others are migrated all the same."""
    unfit = _unfit(api.user_id)
    documents = [document for _, document in unfit]
    good = old_document(api.user_id)
    import_documents(*documents[:3], good, *documents[3:])
    code, output = migrate(batch_size=2)
    assert code == 3
    for reason, document in unfit:
        assert f"  {document['_id']}  {reason}\n" in output
        assert raw(str(document["_id"])) == document
    assert "../admin" not in output
    assert progress()["state"] == "incomplete"
    assert api.get("/conversations").json["results"][0]["id"] == str(good["_id"])
