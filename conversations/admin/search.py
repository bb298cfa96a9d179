"""What the search box of the conversation list finds."""

from bson import ObjectId
from django.db.models import QuerySet

from conversations.models import Conversation
from conversations.rules import fold

HELP = "A conversation's id, a user's id, or how a title begins."
_LAST_CHARACTER = "\U0010ffff"


def search(queryset: QuerySet[Conversation], term: str) -> QuerySet[Conversation]:
    """Narrow to one conversation, to a user's, or else to titles that begin with `term`.

    Titles are compared without case and accents. Only the first two are served by an index; a
    title of all users is looked for in all of `queryset`.
    """
    if not term:
        return queryset
    if ObjectId.is_valid(term):
        return queryset.filter(pk=ObjectId(term))
    of_user = queryset.filter(user_id=term)
    if of_user.exists():
        return of_user
    beginning = fold(term)
    return queryset.filter(title_sort__range=(beginning, beginning + _LAST_CHARACTER))
