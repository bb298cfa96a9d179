"""The rows of the conversation list: found by their ids, none of them counted."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from conversations.admin.filters import selections
from conversations.admin.outcomes import tell_of_odd
from conversations.admin.staff import deadline_of, now
from conversations.errors import QueryTooBroad
from conversations.models import Conversation
from conversations.services.oversight import examine, newest_conversations


class NewestFirst(ChangeList):  # type: ignore[misc]  # unfold has no types
    """A list in the one order that an index serves for all users' conversations together."""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[str]:  # noqa: ARG002
        """Return the ordering, whatever the URL asks for. An id begins with its time."""
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        """Find the rows; the page speaks of no others, and offers to select no others."""
        super().get_results(request)
        self.result_count = self.full_result_count = len(self.result_list)


class NewestPaginator(InfinitePaginator):  # type: ignore[misc]  # unfold has no types
    """Pages of what the URL asks for. The number of all rows is never asked: it costs them all.

    `more`: there is another page after the one that was read.
    """

    template_name = "operations/pagination.html"
    more = False

    def __init__(self, request: HttpRequest, queryset: Any, per_page: int) -> None:
        super().__init__(queryset, per_page)
        self._request = request

    def page(self, number: int) -> Page[Conversation]:
        """Return a page; one that takes the database too long is empty, and says so."""
        number = self.validate_number(number)
        try:
            ids = self._ids(number)
        except QueryTooBroad as error:
            messages.warning(self._request, f"{error.detail} Name the user, or later days.")
            ids = []
        # Not by the rows: some of what was found may be left out.
        self.more = len(ids) > self.per_page
        examined = examine(ids[: self.per_page], now=now())
        tell_of_odd(self._request, examined.odd)
        rows = {row.pk: row for row in Conversation.objects.filter(pk__in=examined.sound)}
        page: Page[Conversation] = self._get_page(
            [rows[each] for each in examined.sound if each in rows], number, self
        )
        return page

    def _ids(self, number: int) -> list[Any]:
        for selection in selections(self._request):
            ids = newest_conversations(
                selection,
                skip=(number - 1) * self.per_page,
                limit=self.per_page + 1,  # one more tells whether there is another page
                deadline=deadline_of(self._request),
                now=now(),
            )
            if ids:
                return ids
        return []
