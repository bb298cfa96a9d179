"""What the Message Service tells of messages, over HTTP."""

from typing import Any

from bson import ObjectId
from django.http import HttpResponse

from conversations import dependencies
from conversations.activity import Activity, ActivityType
from conversations.api.answers import json_answer
from conversations.api.callers import caller_of, require_scope
from conversations.api.operations.activity import OPERATIONS
from conversations.api.operations.common import documented
from conversations.api.principal import ACTIVITY
from conversations.api.requests import ApiRequest
from conversations.api.serializers.activity import BATCH, ONE
from conversations.api.serializers.strict import validated
from conversations.api.views.base import StrictViewSet, object_id
from conversations.representation import represent_metadata
from conversations.services.activity import record_activities, record_activity


@documented(OPERATIONS)
class ActivityViewSet(StrictViewSet):
    """Count messages in conversations that are anybody's."""

    unlimited_scope = ACTIVITY  # it calls on behalf of everybody

    def record(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Count one activity of one conversation."""
        require_scope(request.user, ACTIVITY)
        caller = caller_of(request)
        item = validated(ONE, request.data)
        metadata = record_activity(
            activity=_activity(request, item, conversation_id=object_id(pk)),
            caller=caller,
            now=dependencies.get().clock(),
        )
        return json_answer(represent_metadata(metadata))

    def record_batch(self, request: ApiRequest) -> HttpResponse:
        """Count activities of any conversations."""
        require_scope(request.user, ACTIVITY)
        caller = caller_of(request)
        items = validated(BATCH, request.data)["items"]
        recorded = record_activities(
            activities=[
                _activity(request, item, conversation_id=_id_if_it_is_one(item["conversation_id"]))
                for item in items
            ],
            caller=caller,
            now=dependencies.get().clock(),
        )
        results = [
            {"index": index, "status": "not_found"}
            if metadata is None
            else {"index": index, "status": "ok", **represent_metadata(metadata)}
            for index, metadata in enumerate(recorded)
        ]
        return json_answer({"results": results})


def _activity(
    request: ApiRequest, item: dict[str, Any], *, conversation_id: ObjectId | None
) -> Activity:
    return Activity(
        conversation_id=conversation_id,
        message_id=item["message_id"],
        type=ActivityType(item["type"]),
        occurred_at=item["occurred_at"],
        user_id=item.get("user_id") or request.GET.get("user_id"),
        suggested_title=item.get("suggested_title"),
    )


def _id_if_it_is_one(text: str) -> ObjectId | None:
    return ObjectId(text) if ObjectId.is_valid(text) else None
