"""What staff do with selected conversations: each through its service, each told of by itself."""

from datetime import datetime
from typing import Any, Protocol

import orjson
from bson import ObjectId
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from conversations.admin.outcomes import act_on_each
from conversations.admin.staff import actor_of, caller_for, now
from conversations.caller import Caller
from conversations.errors import ConversationNotFound
from conversations.models import Conversation
from conversations.services.archive import archive_conversation
from conversations.services.change import Changed
from conversations.services.export import export_conversations
from conversations.services.oversight import Occasion, record_view
from conversations.services.trash import purge_conversation, restore_conversation

BACK = "back"  # in a form: the conversation whose page the action came from
NDJSON = "application/x-ndjson"


class _UseCase(Protocol):
    def __call__(
        self,
        *,
        conversation_id: ObjectId,
        expected_versions: frozenset[int] | None,
        caller: Caller,
        now: datetime,
    ) -> Changed | None: ...


@admin.action(description="Archive", permissions=["operate"])
def archive(_: Any, request: HttpRequest, selected: QuerySet[Conversation]) -> HttpResponse:
    """Archive each."""
    return _apply(request, selected, archive_conversation, done="Archived")


@admin.action(description="Restore from the trash", permissions=["operate"])
def restore(_: Any, request: HttpRequest, selected: QuerySet[Conversation]) -> HttpResponse:
    """Take each out of the trash."""
    return _apply(request, selected, restore_conversation, done="Restored")


@admin.action(description="Purge for good…", permissions=["purge"])
def purge(model_admin: Any, request: HttpRequest, selected: QuerySet[Conversation]) -> HttpResponse:
    """Ask first; then delete the content of each for good."""
    if request.POST.get("post") == "yes":
        return _apply(request, selected, purge_conversation, done="Purged")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Purge for good?",
        "opts": model_admin.opts,
        "selected": selected,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "operations/purge.html", context)


@admin.action(description="Export as NDJSON", permissions=["content"])
def export(_: Any, request: HttpRequest, selected: QuerySet[Conversation]) -> HttpResponse:
    """Answer with a file of them, one JSON object on each line; that is recorded first."""
    owners = {conversation.pk: conversation.user_id for conversation in selected}
    moment = now()
    record_view(
        conversation_ids=list(owners),
        actor=actor_of(request),
        occasion=Occasion.EXPORT,
        now=moment,
    )
    lines = export_conversations(owners=owners, now=moment)
    return HttpResponse(
        b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines),
        content_type=NDJSON,
        headers={"Content-Disposition": 'attachment; filename="conversations.ndjson"'},
    )


ACTIONS = (archive, restore, purge, export)


def _apply(
    request: HttpRequest,
    selected: QuerySet[Conversation],
    use_case: _UseCase,
    *,
    done: str,
) -> HttpResponse:
    owners = {str(conversation.pk): conversation.user_id for conversation in selected}

    def act(conversation_id: str) -> bool:
        if conversation_id not in owners:
            raise ConversationNotFound
        changed = use_case(
            conversation_id=ObjectId(conversation_id),
            expected_versions=None,
            caller=caller_for(request, owner=owners[conversation_id]),
            now=now(),
        )
        return changed is None or changed.changed

    act_on_each(request, request.POST.getlist(ACTION_CHECKBOX_NAME), act, done=done)
    return HttpResponseRedirect(_where_from(request))


def _where_from(request: HttpRequest) -> str:
    conversation_id = request.POST.get(BACK, "")
    if ObjectId.is_valid(conversation_id):
        return reverse("admin:conversations_conversation_change", args=[conversation_id])
    return request.get_full_path()
