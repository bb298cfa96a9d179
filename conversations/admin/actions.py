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

from conversations.admin.outcomes import act_on_each, tell_of_gone, tell_of_odd
from conversations.admin.staff import actor_of, caller_for, now
from conversations.caller import Caller
from conversations.models import Conversation
from conversations.services.archive import archive_conversation
from conversations.services.change import Changed
from conversations.services.export import export_conversations
from conversations.services.oversight import Occasion, examine, record_view
from conversations.services.trash import purge_conversation, restore_conversation
from conversations.states import Status

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
def archive(_: Any, request: HttpRequest, selected: QuerySet[Conversation]) -> HttpResponse:  # noqa: ARG001
    """Archive each."""
    return _apply(request, archive_conversation, done="Archived")


@admin.action(description="Restore from the trash", permissions=["operate"])
def restore(_: Any, request: HttpRequest, selected: QuerySet[Conversation]) -> HttpResponse:  # noqa: ARG001
    """Take each out of the trash."""
    return _apply(request, restore_conversation, done="Restored")


@admin.action(description="Purge for good…", permissions=["purge"])
def purge(
    model_admin: Any,
    request: HttpRequest,
    selected: QuerySet[Conversation],  # noqa: ARG001
) -> HttpResponse | None:
    """Ask first; then delete the content of each for good."""
    if request.POST.get("post") == "yes":
        return _apply(request, purge_conversation, done="Purged")
    there = _there(request)
    if not there:
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Purge for good?",
        "opts": model_admin.opts,
        "selected": there,
        "checkbox": ACTION_CHECKBOX_NAME,
        "where_from": _where_from(request),
    }
    return TemplateResponse(request, "operations/purge.html", context)


@admin.action(description="Export as NDJSON", permissions=["content"])
def export(
    _: Any,
    request: HttpRequest,
    selected: QuerySet[Conversation],  # noqa: ARG001
) -> HttpResponse | None:
    """Answer with a file of them, one JSON object on each line; that is recorded first."""
    owners = {conversation.pk: conversation.user_id for conversation in _there(request)}
    if not owners:
        return None
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
ONLY_FROM = {"archive": Status.ACTIVE, "restore": Status.DELETED}
"""The one status from which an action changes something; the others are for every status."""


def _there(request: HttpRequest) -> list[Conversation]:
    """Return the selected that a caller could see, the newest first; the others are told of."""
    ids = request.POST.getlist(ACTION_CHECKBOX_NAME)
    examined = examine([ObjectId(each) for each in ids], now=now())
    tell_of_odd(request, examined.odd)
    known = {*map(str, examined.sound), *(each for each, _ in examined.odd)}
    tell_of_gone(request, [each for each in ids if each not in known])
    return list(Conversation.objects.filter(pk__in=examined.sound).order_by("-pk"))


def _apply(request: HttpRequest, use_case: _UseCase, *, done: str) -> HttpResponse:
    owners = {str(conversation.pk): conversation.user_id for conversation in _there(request)}

    def act(conversation_id: str) -> bool:
        changed = use_case(
            conversation_id=ObjectId(conversation_id),
            expected_versions=None,
            caller=caller_for(request, owner=owners[conversation_id]),
            now=now(),
        )
        return changed is None or changed.changed

    act_on_each(request, owners, act, done=done)
    return HttpResponseRedirect(_where_from(request))


def _where_from(request: HttpRequest) -> str:
    conversation_id = request.POST.get(BACK, "")
    if ObjectId.is_valid(conversation_id):
        return reverse("admin:conversations_conversation_change", args=[conversation_id])
    return request.get_full_path()
