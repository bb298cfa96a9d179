"""How the conversation list is narrowed: the filters beside it, and what the URL then asks for."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter, TextFilter

from conversations.admin.staff import may_see_content
from conversations.models import Conversation
from conversations.repository.everyone import Selection
from conversations.rules import search_terms
from conversations.states import LISTED, Status

USER = "user_id"
PARAMETERS = {USER, "status", "character_id", "tag", "created_at_from", "created_at_to"}
FIRST_YEAR, LAST_YEAR = 1970, 2100  # an id has 32 bits of seconds
HELP = (
    "A conversation's id, or a user's id; after it, or with the user filter, words of title, tags "
    "or character, for staff who may see them."
)


class _ReadFromUrl:
    """A filter that shows its choices: what they leave is found by `selections`, not by the ORM.

    The ORM writes conditions that not every index serves.
    """

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        queryset: QuerySet[Conversation],
    ) -> QuerySet[Conversation]:
        """Leave it as it is."""
        return queryset


class StatusFilter(_ReadFromUrl, SimpleListFilter):
    """Narrows the list to one status."""

    title = "status"
    parameter_name = "status"

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002  # Django's signature
        model_admin: Any,  # noqa: ARG002
    ) -> list[tuple[str, str]]:
        """Return the choices."""
        return [(status.value, status.value) for status in LISTED]


class UserFilter(_ReadFromUrl, TextFilter):  # type: ignore[misc]  # unfold has no types
    """Narrows the list to one user's conversations."""

    title = "user's id"
    parameter_name = USER


class CharacterFilter(_ReadFromUrl, TextFilter):  # type: ignore[misc]  # unfold has no types
    """Narrows the list to conversations with one character."""

    title = "character's id"
    parameter_name = "character_id"


class TagFilter(_ReadFromUrl, TextFilter):  # type: ignore[misc]  # unfold has no types
    """Narrows a user's conversations to those with a tag: content, for those who may see it."""

    title = "tag (of a user's)"
    parameter_name = "tag"


class CreatedFilter(_ReadFromUrl, RangeDateFilter):  # type: ignore[misc]  # unfold has no types
    """Narrows the list to days of creation, both included."""


def selections(request: HttpRequest) -> list[Selection]:
    """Return what the URL asks for: the first of these that finds anything is meant.

    Raises IncorrectLookupParameters for what cannot be, or may not be asked.
    """
    narrowed = _narrowed(request)
    term = request.GET.get(SEARCH_VAR, "").strip()
    if not term:
        return [narrowed]
    if narrowed.user_id is not None:
        return [_with_words(request, narrowed, user_id=narrowed.user_id, text=term)]
    user_id, _, text = term.partition(" ")
    of_user = _with_words(request, narrowed, user_id=user_id, text=text)
    if ObjectId.is_valid(term):  # ids of users may look the same
        return [Selection(conversation_id=ObjectId(term)), of_user]
    return [of_user]


def _narrowed(request: HttpRequest) -> Selection:
    given = {name: value for name, value in request.GET.items() if isinstance(value, str) and value}
    tag = given.get("tag")
    if tag is not None and not (may_see_content(request) and USER in given):
        raise IncorrectLookupParameters
    try:
        status = Status(given["status"]) if "status" in given else None
        created_from = _day(given.get("created_at_from"))
        last_day = _day(given.get("created_at_to"))
        created_before = None if last_day is None else last_day + timedelta(days=1)
    except ValueError as error:
        raise IncorrectLookupParameters from error
    return Selection(
        user_id=given.get(USER),
        status=status,
        character_id=given.get("character_id"),
        tag=tag,
        created_from=created_from,
        created_before=created_before,
    )


def _with_words(request: HttpRequest, narrowed: Selection, *, user_id: str, text: str) -> Selection:
    words = tuple(search_terms(text))
    if words and not may_see_content(request):
        raise IncorrectLookupParameters
    return replace(narrowed, user_id=user_id, words=words)


def _day(text: str | None) -> datetime | None:
    """Return the beginning of a day that the time in an id can hold, or raise ValueError."""
    if text is None:
        return None
    day = datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007  # UTC without an offset
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day
