"""A query that reads too much is refused, and said to be the query's fault."""

import pytest

from conversations.services import read
from tests.client import ApiClient
from tests.factories import ConversationDocumentFactory

BROAD = "?q=conversation&status=all&ordering=title&pinned=false&created_after=2020-01-01T00:00:00Z"


@pytest.fixture
def no_time(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give lists a time in which no database reads and sorts two hundred rows."""
    for _ in range(200):
        ConversationDocumentFactory.create(user_id=api.user_id)
    monkeypatch.setattr(read, "LIST_TIME_LIMIT", 0.001)


@pytest.mark.parametrize("pagination", ["", "&pagination=offset"])
def test_a_query_that_takes_too_long_is_too_broad(
    api: ApiClient, no_time: None, pagination: str
) -> None:
    """503 query_too_broad, whichever of server and client gave up first."""
    answer = api.get(f"/conversations{BROAD}{pagination}")
    assert (answer.status, answer.code) == (503, "query_too_broad")
    assert int(answer.headers["Retry-After"]) >= 1
