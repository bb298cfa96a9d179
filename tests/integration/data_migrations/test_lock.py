"""One runner at a time, and another one as soon as it is dead."""

from datetime import timedelta
from typing import Any

import pytest

from conversations import dependencies
from conversations.dependencies import utc_now
from conversations.repository import rewriting
from conversations.repository.database import Document, collection
from conversations.services.migrations.lock import held_lock
from tests.client import ApiClient
from tests.integration.data_migrations.former import (
    import_documents,
    migrate,
    old_document,
    progress,
    raw,
)


def test_a_second_runner_says_who_is_at_work(api: ApiClient) -> None:
    """With an exit code of its own, and nothing done."""
    [conversation_id] = import_documents(old_document(api.user_id))
    with held_lock(clock=utc_now):
        holder = collection("data_migrations").find_one({"_id": "lock"})
        assert holder is not None
        code, output = migrate()
        assert code == 4
        assert holder["holder"] in output
        assert "partition" not in raw(conversation_id)
        assert holder["holder"] in migrate(status=True)[1]
    assert migrate()[0] == 0


def test_it_takes_over_from_a_runner_that_is_silent(api: ApiClient) -> None:
    """Which then stops at its next step, and saves nothing any more."""
    import_documents(*(old_document(api.user_id) for _ in range(6)))
    late = utc_now() + timedelta(minutes=1)

    def taken_over(name: str, **read: Any) -> list[Document]:
        if not others:
            others.append(None)
            with dependencies.override(clock=lambda: late):
                others.append(migrate())
        return page(name=name, **read)

    page, others = rewriting.read_page, list[Any]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rewriting, "read_page", taken_over)
        code, output = migrate(batch_size=2)
    assert code == 4
    assert "another one has taken over" in output
    assert others[1][0] == 0
    assert progress()["state"] == "done"
    assert progress()["changed"] == 6
