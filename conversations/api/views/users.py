"""All that is held about a user, over HTTP: exported, or erased."""

from typing import ClassVar

from django.http import Http404, HttpResponse, StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from conversations import dependencies
from conversations.api.answers import accepted
from conversations.api.callers import caller_of, require_scope
from conversations.api.ndjson import BYTES, NDJSON, BytesRenderer, NdjsonRenderer, ndjson_answer
from conversations.api.operations.common import documented
from conversations.api.operations.users import OPERATIONS
from conversations.api.principal import ADMIN
from conversations.api.requests import ApiRequest
from conversations.api.views.base import StrictViewSet, refuse_body
from conversations.job import represent_job
from conversations.rules import USER_ID
from conversations.services.erasure import start_erasure
from conversations.services.export import export_user


@documented(OPERATIONS)
class UserViewSet(StrictViewSet):
    """Export and erase."""

    # The path names the user; another one beside it would be a mistake that nobody can undo.
    without_owner: ClassVar = {"erase"}

    def get_renderers(self) -> list[BaseRenderer]:
        """Let the export be asked for by its media types."""
        renderers = super().get_renderers()
        own = [NdjsonRenderer(), BytesRenderer()] if self.action == "export" else []
        return [*renderers, *own]

    def export(self, request: ApiRequest) -> StreamingHttpResponse:
        """Stream everything that is held about the caller."""
        caller = caller_of(request)
        request.user.must_be_verified()
        lines = export_user(user_id=caller.owner, now=dependencies.get().clock())
        return ndjson_answer(
            lines,
            filename="conversations-export.ndjson",
            media_type=BYTES if request.accepted_renderer.media_type == BYTES else NDJSON,
        )

    def erase(self, request: ApiRequest, user_id: str) -> HttpResponse:
        """Start the erasure of a user, or answer with the one under way."""
        require_scope(request.user, ADMIN)
        request.user.must_be_verified()
        refuse_body(request)
        if not USER_ID.match(user_id):
            raise Http404
        job = start_erasure(
            user_id=user_id, caller=caller_of(request), now=dependencies.get().clock()
        )
        return accepted(represent_job(job))
