"""A feature that is switched off answers 403."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from conversations.api.answers import no_content
from conversations.api.views.base import StrictViewSet
from conversations.flags import Flag, require_feature
from integrations.resilience.deadline import Deadline
from tests.client import Answer, token_for


class GatedViewSet(StrictViewSet):
    """A view that needs a feature."""

    def list(self, request: Any) -> HttpResponse:  # noqa: ARG002  # DRF's signature
        """Answer if bulk operations are on."""
        require_feature(Flag.BULK_OPERATIONS)
        return no_content()


def ask(user_id: str) -> Answer:
    headers = {"Authorization": f"Bearer {token_for(user_id)}"}
    request: Any = RequestFactory().get("/api/v1/gated", headers=headers)
    request.deadline = Deadline.after(30)
    request.trace_id = "t"
    response = GatedViewSet.as_view({"get": "list"})(request)
    return Answer(response.status_code, dict(response.headers), response.content)


@pytest.mark.usefixtures("database")
def test_it_answers_403_while_a_feature_is_off(user_id: str, settings: Any) -> None:
    """A problem document that names the feature; on, the view answers."""
    settings.CONFIG = settings.CONFIG.model_copy(update={"enable_bulk_operations": False})
    answer = ask(user_id)
    assert (answer.status, answer.code) == (403, "feature_disabled")
    assert "bulk_operations" in answer.json["detail"]
    settings.CONFIG = settings.CONFIG.model_copy(update={"enable_bulk_operations": True})
    assert ask(user_id).status == 204
