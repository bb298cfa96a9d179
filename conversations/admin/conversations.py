"""Conversations in the admin: found, looked at, and changed by the services."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from bson import ObjectId
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from unfold.decorators import display

from conversations.admin.actions import ACTIONS, BACK, ONLY_FROM
from conversations.admin.filters import (
    HELP,
    PARAMETERS,
    USER,
    CharacterFilter,
    CreatedFilter,
    StatusFilter,
    TagFilter,
    UserFilter,
)
from conversations.admin.listing import NewestFirst, NewestPaginator
from conversations.admin.outcomes import tell_of_odd
from conversations.admin.read_only import ReadOnlyAdmin
from conversations.admin.staff import actor_of, caller_for, may, may_see_content, now
from conversations.admin.timeline import timeline
from conversations.models import Conversation
from conversations.services.oversight import Examined, Occasion, examine, record_view
from conversations.states import Status

COLOURS = {Status.ACTIVE: "success", Status.ARCHIVED: "info", Status.DELETED: "danger"}
ABOUT = ("id", "user", "character_name", "status_label", "pinned", "folder_id")
ACTIVITY = (
    "message_count",
    "last_activity",
    "created_at",
    "updated_at",
    "archived_at",
    "deleted_at",
    "expires_at",
    "version",
)
CONTENT = (
    "title",
    "tag_list",
    "language_model",
    "temperature",
    "max_tokens",
    "language",
    "system_prompt",
)
HIDDEN = "Title, tags and settings are shown to staff with the permission to view content."
SEEN = "That you see this is recorded."


def _setting(name: str) -> Callable[["ConversationAdmin", Conversation], Any]:
    """Return what shows one of a conversation's settings."""

    @admin.display(description=name.replace("_", " "))
    def show(_: "ConversationAdmin", conversation: Conversation) -> Any:
        return conversation.settings.get(name)

    return show


def _examine(object_id: str) -> Examined:
    # Also an id that is none: a document may have it.
    return examine([ObjectId(object_id) if ObjectId.is_valid(object_id) else object_id], now=now())


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Content is there only for staff who may see it, and each time they do is recorded."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    search_fields = ("pk",)  # Django shows no search box without; `selections` decides
    search_help_text = HELP
    list_filter_submit = True
    actions = ACTIONS
    readonly_fields = (*ABOUT, *ACTIVITY, *CONTENT)
    change_form_outer_after_template = "operations/conversation.html"

    language_model = _setting("model")
    temperature = _setting("temperature")
    max_tokens = _setting("max_tokens")
    language = _setting("language")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Whoever may do more may also look."""
        return any(may(request, f"{verb}_conversation") for verb in ("view", "change", "delete"))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may archive and restore."""
        return may(request, "change_conversation")

    def has_purge_permission(self, request: HttpRequest) -> bool:
        """Who may delete for good."""
        return may(request, "delete_conversation")

    def has_content_permission(self, request: HttpRequest) -> bool:
        """Who may see, and so export, what conversations say."""
        return may_see_content(request)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Return the columns: a title is content."""
        first = "title" if may_see_content(request) else "id"
        return (
            first,
            "user",
            "character_name",
            "status_label",
            "message_count",
            "last_activity",
            "created_at",
        )

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters: a tag is content."""
        tag = [TagFilter] if may_see_content(request) else []
        return [StatusFilter, UserFilter, CharacterFilter, *tag, ("created_at", CreatedFilter)]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ARG002
        """Return the parts of a page, and why there is no content where there is none."""
        shown = may_see_content(request)
        content = {"fields": CONTENT if shown else (), "description": SEEN if shown else HIDDEN}
        return (
            (None, {"fields": ABOUT}),
            ("Activity", {"fields": ACTIVITY}),
            ("Content", content),
        )

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:  # noqa: ARG002
        """Allow the filters offered here, not whatever a URL comes up with."""
        return lookup in PARAMETERS

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the class of the list."""
        return NewestFirst

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        queryset: Any,
        search_term: str,  # noqa: ARG002
    ) -> tuple[Any, bool]:
        """Leave it to the paginator."""
        return queryset, False

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int) -> Any:
        """Return what finds the rows."""
        return NewestPaginator(request, queryset, per_page)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a conversation that a caller could see, or None."""
        if not _examine(object_id).sound:
            return None
        return super().get_object(request, object_id, from_field)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, or act on what is selected in it; titles seen are recorded."""
        if not all(map(ObjectId.is_valid, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest
        response: HttpResponse = super().changelist_view(request, extra_context)
        page = (isinstance(response, TemplateResponse) and response.context_data) or {}
        if "cl" in page and may_see_content(request):
            self._record(request, [row.pk for row in page["cl"].result_list], Occasion.LIST)
        return response

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Act on what was selected by hand: never on rows that nobody has looked at."""
        if request.POST.get("select_across", "0") != "0":
            messages.warning(request, "Only selected conversations can be acted on.")
            return None
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show one conversation and its history, however it was asked for; content is recorded."""
        context = {**context, **self._page(request, obj)}
        response: HttpResponse = super().render_change_form(
            request, context, *args, obj=obj, **kwargs
        )
        return response

    def history_view(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        object_id: str,
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Lead to the history that the events tell, instead of Django's own."""
        if not ObjectId.is_valid(object_id):
            raise Http404
        url = reverse("admin:conversations_conversation_change", args=[object_id])
        return HttpResponseRedirect(f"{url}#history")

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Say of a malformed document that it is one, instead of that there is none."""
        odd = _examine(unquote(object_id)).odd
        if odd:
            tell_of_odd(request, odd)
            return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))
        response: HttpResponse = super()._get_obj_does_not_exist_redirect(request, opts, object_id)
        return response

    def _page(self, request: HttpRequest, found: Conversation) -> dict[str, Any]:
        with_content = may_see_content(request)
        if with_content:
            self._record(request, [found.pk], Occasion.PAGE)
        history = timeline(
            conversation_id=found.pk,
            before=request.GET.get("before", ""),
            with_content=with_content,
            caller=caller_for(request, owner=found.user_id),
            now=now(),
        )
        buttons = [
            {"action": name, "text": description, "danger": name == "purge"}
            for name, (_, _, description) in self.get_actions(request).items()
            if ONLY_FROM.get(name, found.status) == found.status
        ]
        return {"history": history, "buttons": buttons, "back": BACK, "found": found}

    def _record(self, request: HttpRequest, ids: list[ObjectId], occasion: Occasion) -> None:
        record_view(conversation_ids=ids, actor=actor_of(request), occasion=occasion, now=now())

    @admin.display(description="user")
    def user(self, conversation: Conversation) -> str:
        """Show the owner, as a link to all of theirs."""
        query = urlencode({USER: conversation.user_id})
        url = reverse("admin:conversations_conversation_changelist")
        return format_html('<a href="{}?{}">{}</a>', url, query, conversation.user_id)

    @admin.display(description="character")
    def character_name(self, conversation: Conversation) -> str:
        """Show the character's name and id."""
        return f"{conversation.character.get('name')} ({conversation.character_id})"

    @display(description="status", label=COLOURS)  # type: ignore[untyped-decorator]  # unfold has no types
    def status_label(self, conversation: Conversation) -> str:
        """Show the status in its colour."""
        return conversation.status

    @admin.display(description="messages")
    def message_count(self, conversation: Conversation) -> Any:
        """Show the count as callers of the API see it."""
        return max(0, conversation.metadata.get("message_count", 0))

    @admin.display(description="last activity")
    def last_activity(self, conversation: Conversation) -> Any:
        """Show when the last message came, as Django shows its own fields."""
        return localize(conversation.metadata["last_activity"])

    @admin.display(description="tags")
    def tag_list(self, conversation: Conversation) -> str:
        """Show the tags."""
        return ", ".join(conversation.tags)

    @admin.display(description="system prompt")
    def system_prompt(self, conversation: Conversation) -> str:
        """Show the prompt with its line breaks."""
        text = conversation.settings.get("system_prompt") or "-"
        return format_html('<div style="white-space: pre-wrap">{}</div>', text)
