"""The record of who has seen the content of which conversation."""

from bson import ObjectId
from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.paginator import InfinitePaginator

from conversations.admin.read_only import ReadOnlyAdmin
from conversations.caller import admin_actor
from conversations.models import ContentView


@admin.register(ContentView)
class ContentViewAdmin(ReadOnlyAdmin):
    """To be looked at only, the newest first; an index ends each after 400 days."""

    list_display = ("at", "actor", "occasion", "conversation")
    list_display_links = None
    list_per_page = 50
    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-pk",)
    search_fields = ("actor",)
    search_help_text = "A conversation's id, or the name of a member of the staff."
    actions = None

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        queryset: QuerySet[ContentView],
        search_term: str,
    ) -> tuple[QuerySet[ContentView], bool]:
        """Return what concerns one conversation, or one of the staff."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if ObjectId.is_valid(term):
            return queryset.filter(conversation_id=ObjectId(term)), False
        return queryset.filter(actor=admin_actor(term.removeprefix("admin:"))), False

    @admin.display(description="conversation")
    def conversation(self, view: ContentView) -> str:
        """Show the id, as a link."""
        url = reverse("admin:conversations_conversation_change", args=[view.conversation_id])
        return format_html('<a href="{}">{}</a>', url, view.conversation_id)
