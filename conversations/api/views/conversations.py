"""The conversations of a caller, over HTTP."""

from typing import Any, ClassVar

from bson import ObjectId
from django.conf import settings
from django.http import HttpResponse

from conversations import dependencies
from conversations.api.answers import json_answer, no_content, not_modified
from conversations.api.callers import caller_of
from conversations.api.etags import etag_of, expected_versions, is_unmodified
from conversations.api.filters import REPEATABLE, ConversationFilterBackend
from conversations.api.idempotency import create_once
from conversations.api.operations.common import documented
from conversations.api.operations.conversations import OPERATIONS
from conversations.api.pagination import (
    COMMON_PARAMETERS,
    STRATEGIES,
    ListRequest,
    strategy_of,
)
from conversations.api.parameters import boolean, check_known, read
from conversations.api.parsers import MergePatchParser, StrictJSONParser
from conversations.api.requests import ApiRequest
from conversations.api.serializers.conversation import CREATE, PATCH
from conversations.api.serializers.strict import validated
from conversations.api.views.base import StrictViewSet, body_of, object_id, refuse_body
from conversations.representation import represent
from conversations.services.archive import archive_conversation, unarchive_conversation
from conversations.services.create import Draft, create_conversation
from conversations.services.read import get_conversation
from conversations.services.trash import (
    delete_conversation,
    purge_conversation,
    restore_conversation,
)
from conversations.services.update import update_conversation

STRATEGY_PARAMETERS = frozenset().union(*(way.parameters for way in STRATEGIES.values()))


@documented(OPERATIONS)
class ConversationViewSet(StrictViewSet):
    """Create, find, change, archive, delete and restore conversations."""

    filter_backends: ClassVar = [ConversationFilterBackend]
    parameters: ClassVar = {
        "list": ConversationFilterBackend.parameters | COMMON_PARAMETERS | STRATEGY_PARAMETERS,
        "destroy": frozenset({"permanent"}),
    }
    repeatable: ClassVar = REPEATABLE
    _filters = ConversationFilterBackend()

    def get_parsers(self) -> list[Any]:
        """Take a merge patch for a PATCH, and JSON for everything."""
        if getattr(self.request, "method", None) == "PATCH":
            return [MergePatchParser(), StrictJSONParser()]
        return [StrictJSONParser()]

    def list(self, request: ApiRequest) -> HttpResponse:
        """Answer with a page of the caller's conversations."""
        caller = caller_of(request)
        query = request.GET
        strategy = strategy_of(query)
        known = self._filters.parameters | COMMON_PARAMETERS | strategy.parameters
        check_known(query, known=known, repeatable=REPEATABLE)
        wanted = ListRequest.read(
            path=request.path,
            query=query,
            filters=self._filters.read(query, user_id=caller.owner),
            caller=caller,
            now=dependencies.get().clock(),
        )
        return json_answer(strategy.page(wanted))

    def create(self, request: ApiRequest) -> HttpResponse:
        """Create a conversation with a character."""
        caller = caller_of(request)
        draft = Draft.of(validated(CREATE, request.data))
        now = dependencies.get().clock()

        def create(conversation_id: ObjectId | None) -> tuple[dict[str, Any], dict[str, str]]:
            created = create_conversation(
                draft=draft, caller=caller, now=now, conversation_id=conversation_id
            )
            if created.stale_character:
                request.degraded = ["characters-stale"]
            body = represent(created.document)
            location = f"{settings.CONFIG.base_url}{request.path}/{body['id']}"
            return body, {"Location": location, "ETag": etag_of(created.document)}

        return create_once(
            request, operation="create_conversation", caller=caller, now=now, create=create
        )

    def retrieve(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Answer with one conversation, or 304 if the caller has it already."""
        document = get_conversation(
            conversation_id=object_id(pk),
            caller=caller_of(request),
            now=dependencies.get().clock(),
        )
        tag = etag_of(document)
        if is_unmodified(request, tag):
            return not_modified(tag)
        return json_answer(represent(document), headers={"ETag": tag})

    def partial_update(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Change what the merge patch names."""
        patch = validated(PATCH, body_of(request))
        return self._changed(request, pk, update_conversation, patch=patch)

    def destroy(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Move to the trash, or, with permanent=true, delete for good."""
        refuse_body(request)
        if read(request.GET, "permanent", boolean, default=False):
            request.user.must_be_verified()
            self._call(request, pk, purge_conversation)
        else:
            self._call(request, pk, delete_conversation)
        return no_content()

    def archive(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Archive."""
        refuse_body(request)
        return self._changed(request, pk, archive_conversation)

    def unarchive(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Make active again."""
        refuse_body(request)
        return self._changed(request, pk, unarchive_conversation)

    def restore(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Take out of the trash."""
        refuse_body(request)
        return self._changed(request, pk, restore_conversation)

    def _call(self, request: ApiRequest, pk: str, service: Any, **arguments: Any) -> Any:
        return service(
            conversation_id=object_id(pk),
            expected_versions=expected_versions(request),
            caller=caller_of(request),
            now=dependencies.get().clock(),
            **arguments,
        )

    def _changed(
        self, request: ApiRequest, pk: str, service: Any, **arguments: Any
    ) -> HttpResponse:
        document = self._call(request, pk, service, **arguments).document
        return json_answer(represent(document), headers={"ETag": etag_of(document)})
