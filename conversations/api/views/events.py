"""Events over HTTP: the history of one conversation, and the feed."""

from typing import ClassVar

from django.http import HttpResponse

from conversations import dependencies
from conversations.api.answers import json_answer
from conversations.api.callers import caller_of
from conversations.api.event_pages import (
    DEFAULT_FEED_LIMIT,
    MAX_FEED_LIMIT,
    feed_body,
    feed_scope,
    history_body,
    history_scope,
    read_after,
    read_place,
)
from conversations.api.operations.common import documented
from conversations.api.operations.events import (
    MAX_WAIT,
    OPERATIONS,
)
from conversations.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from conversations.api.parameters import read, whole_number
from conversations.api.principal import ADMIN
from conversations.api.requests import ApiRequest
from conversations.api.views.base import StrictViewSet, object_id
from conversations.services.feed import Feed, read_feed
from conversations.services.history import read_history

_history_limit = whole_number(lowest=1, highest=MAX_LIMIT)
_feed_limit = whole_number(lowest=1, highest=MAX_FEED_LIMIT)
_wait = whole_number(lowest=0, highest=MAX_WAIT)


@documented(OPERATIONS)
class EventViewSet(StrictViewSet):
    """Read what happened."""

    parameters: ClassVar = {
        "history": frozenset({"cursor", "limit"}),
        "feed": frozenset({"after", "limit", "wait"}),
    }

    def history(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Answer with a page of a conversation's events, newest first."""
        query, caller, conversation_id = request.GET, caller_of(request), object_id(pk)
        scope = history_scope(conversation_id=conversation_id, actor=caller.actor)
        page = read_history(
            conversation_id=conversation_id,
            place=read_place(query, scope=scope),
            limit=read(query, "limit", _history_limit, default=DEFAULT_LIMIT),
            caller=caller,
            now=dependencies.get().clock(),
        )
        return json_answer(history_body(page, scope=scope, path=request.path, query=query))

    def feed(self, request: ApiRequest) -> HttpResponse:
        """Answer with events after a place, oldest first, or wait for some."""
        query, caller, feed = request.GET, caller_of(request), _feed_of(request)
        scope = feed_scope(feed=feed, actor=caller.actor)
        limit = read(query, "limit", _feed_limit, default=DEFAULT_FEED_LIMIT)
        wait = read(query, "wait", _wait, default=0)
        page = read_feed(
            feed=feed,
            after=read_after(query, feed=feed, scope=scope),
            limit=limit,
            wait=wait,
            caller=caller,
        )
        return json_answer(feed_body(page, scope=scope, path=request.path, query=query))


def _feed_of(request: ApiRequest) -> Feed:
    """Return whose feed is asked for: an admin who names nobody reads everybody's."""
    if ADMIN in request.user.scopes and "user_id" not in request.GET:
        request.user.must_be_verified()
        return Feed(owner=None)
    return Feed(owner=caller_of(request).owner)
