"""What the service, or the former one, writes while a migration goes on is never lost."""

from threading import Thread
from typing import Any

import pytest

from conversations.repository import rewriting
from conversations.repository.database import Document, collection
from tests.client import ApiClient
from tests.integration.data_migrations.former import (
    import_documents,
    migrate,
    old_document,
    progress,
    raw,
)


def test_a_document_that_changes_after_it_was_read_is_read_again(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the former service may still be at work."""
    changing, gone, third = (old_document(api.user_id) for _ in range(3))
    import_documents(changing, gone, third)
    write_all = rewriting.write_all

    def late(**arguments: Any) -> Any:
        conversations = collection("conversations")
        conversations.update_one({"_id": changing["_id"]}, {"$set": {"title": "Newer"}})
        conversations.delete_one({"_id": gone["_id"]})
        return write_all(**arguments)

    monkeypatch.setattr(rewriting, "write_all", late)
    code, output = migrate()
    assert code == 0
    assert "2 changed, 0 failed" in output
    assert api.read(str(changing["_id"]))["title"] == "Newer"
    assert collection("conversations").find_one({"_id": gone["_id"]}) is None


def test_a_document_that_never_rests_is_given_up(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and the next run tries again."""
    restless = old_document(api.user_id)
    import_documents(restless)
    write_all = rewriting.write_all

    def late(**arguments: Any) -> Any:
        collection("conversations").update_one(
            {"_id": restless["_id"]}, {"$inc": {"metadata.message_count": 1}}
        )
        return write_all(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(rewriting, "write_all", late)
        assert migrate()[0] == 3
    assert progress()["errors"] == [{"id": restless["_id"], "code": "contended"}]
    assert migrate()[0] == 0
    assert api.read(str(restless["_id"]))["metadata"]["message_count"] > 12


def test_edits_by_both_services_survive(api: ApiClient) -> None:
    """Each document is edited once while the migration goes on, by whichever service has it."""
    documents = [old_document(api.user_id) for _ in range(30)]
    ids = import_documents(*documents)
    editor = Thread(target=_edit_all, args=(api, ids))
    editor.start()
    code, output = migrate(batch_size=7)
    editor.join()
    assert code == 0, output
    for conversation_id in ids:
        document = raw(conversation_id)
        assert document["title"] == f"Edit of {conversation_id}"
        assert document["search_terms"] == sorted({"ada", "edit", "letters", "of", conversation_id})


def _edit_all(api: ApiClient, ids: list[str]) -> None:
    for conversation_id in ids:
        _edit(api, conversation_id)


def _edit(api: ApiClient, conversation_id: str) -> None:
    title = f"Edit of {conversation_id}"
    former: Document = {"_id": raw(conversation_id)["_id"], "partition": {"$exists": False}}
    changed = collection("conversations").update_one(former, {"$set": {"title": title}})
    if not changed.matched_count:
        assert api.patch(conversation_id, {"title": title}).status == 200
