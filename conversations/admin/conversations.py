"""Conversations in the admin: to be looked at, not yet to be changed."""

from collections.abc import Callable
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

import pymongo
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import localize
from django.utils.html import format_html
from pymongo.errors import PyMongoError
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList as UnfoldChangeList

from conversations import dependencies
from conversations.admin.search import HELP, search
from conversations.models import Conversation
from conversations.states import LISTED, Status

USER, STATUS = "user_id", "status"  # the filters that a URL may have
TIME_LIMIT = 10  # seconds the database may spend on one page of the list
COLOURS = {Status.ACTIVE: "success", Status.ARCHIVED: "info", Status.DELETED: "danger"}


class StatusFilter(SimpleListFilter):
    """Narrows the list to one status."""

    title = "status"
    parameter_name = STATUS

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        model_admin: Any,  # noqa: ARG002
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [(status.value, status.value) for status in LISTED]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        queryset: QuerySet[Conversation],
    ) -> QuerySet[Conversation]:
        """Return what the choice leaves."""
        return queryset.filter(status=self.value()) if self.value() else queryset


class NewestFirst(UnfoldChangeList):  # type: ignore[misc]  # unfold has no types
    """A list in the one order that an index serves for all users' conversations together."""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[str]:  # noqa: ARG002
        """Return the ordering, whatever the URL asks for. An id begins with its time."""
        return ["-pk"]


def _setting(name: str) -> Callable[["ConversationAdmin", Conversation], Any]:
    """Return what shows one of a conversation's settings."""

    @admin.display(description=name.replace("_", " "))
    def show(_: "ConversationAdmin", conversation: Conversation) -> Any:
        return conversation.settings.get(name)

    return show


@admin.register(Conversation)
class ConversationAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The list has no content but titles; the page of one has its settings too."""

    list_display = (
        "title",
        "user",
        "character_name",
        "status_label",
        "message_count",
        "last_activity",
        "created_at",
    )
    list_filter = (StatusFilter,)
    list_per_page = 50
    # Counting rows costs as much as listing them, and more with each row.
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    search_fields = ("title",)  # Django shows no search box without; get_search_results decides
    search_help_text = HELP
    actions = None
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "user",
                    "character_name",
                    "status_label",
                    "pinned",
                    "tag_list",
                    "folder_id",
                )
            },
        ),
        (
            "Activity",
            {
                "fields": (
                    "message_count",
                    "last_activity",
                    "created_at",
                    "updated_at",
                    "archived_at",
                    "deleted_at",
                    "expires_at",
                    "version",
                )
            },
        ),
        (
            "Settings",
            {
                "fields": (
                    "language_model",
                    "temperature",
                    "max_tokens",
                    "language",
                    "system_prompt",
                )
            },
        ),
    )
    readonly_fields = tuple(name for _, part in fieldsets for name in part["fields"])

    language_model = _setting("model")
    temperature = _setting("temperature")
    max_tokens = _setting("max_tokens")
    language = _setting("language")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Conversations are created by their users only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nothing here writes yet: a change must leave its event, as the services do."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """As for changes."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        """Return what is visible to anyone: neither purged nor expired."""
        now = dependencies.get().clock().replace(tzinfo=UTC)
        conversations: QuerySet[Conversation] = super().get_queryset(request)
        return conversations.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            status__in=[status.value for status in LISTED],
        )

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:  # noqa: ARG002
        """Allow the filters offered here, not whatever a URL comes up with."""
        return lookup in {USER, STATUS}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the class of the list."""
        return NewestFirst

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        queryset: QuerySet[Conversation],
        search_term: str,
    ) -> tuple[QuerySet[Conversation], bool]:
        """Return what the search finds, and that there are no duplicates in it."""
        return search(queryset, search_term.strip()), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; what takes the database too long is given up with a hint."""
        try:
            with pymongo.timeout(TIME_LIMIT):
                response: HttpResponse = super().changelist_view(request, extra_context)
        except DatabaseError as error:
            if not (request.GET and _took_too_long(error)):
                raise
            messages.warning(request, f"This takes longer than {TIME_LIMIT} s: name the user.")
            return HttpResponseRedirect(request.path)
        return response

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


def _took_too_long(error: DatabaseError) -> bool:
    return isinstance(error.__cause__, PyMongoError) and error.__cause__.timeout
