"""The URLs of the API, without trailing slashes."""

from django.urls import path

from conversations.api.views.activity import ActivityViewSet
from conversations.api.views.conversations import ConversationViewSet
from conversations.api.views.events import EventViewSet
from conversations.api.views.jobs import JobViewSet
from conversations.api.views.users import UserViewSet

urlpatterns = [
    path(
        "conversations",
        ConversationViewSet.as_view({"get": "list", "post": "create"}),
        name="conversations",
    ),
    path(
        "conversations/<pk>",
        ConversationViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
        ),
        name="conversation",
    ),
    *(
        path(
            f"conversations/<pk>/{action}",
            ConversationViewSet.as_view({"post": action}),
            name=f"conversation-{action}",
        )
        for action in ("archive", "unarchive", "restore")
    ),
    path(
        "conversations/<pk>/activity",
        ActivityViewSet.as_view({"post": "record"}),
        name="conversation-activity",
    ),
    path("activity", ActivityViewSet.as_view({"post": "record_batch"}), name="activity"),
    path(
        "conversations/<pk>/history",
        EventViewSet.as_view({"get": "history"}),
        name="conversation-history",
    ),
    path("events", EventViewSet.as_view({"get": "feed"}), name="events"),
    path("jobs", JobViewSet.as_view({"get": "list"}), name="jobs"),
    path("jobs/<pk>", JobViewSet.as_view({"get": "retrieve"}), name="job"),
    path("jobs/<pk>/cancel", JobViewSet.as_view({"post": "cancel"}), name="job-cancel"),
    path("users/me/export", UserViewSet.as_view({"get": "export"}), name="user-export"),
    path("users/<user_id>/data", UserViewSet.as_view({"delete": "erase"}), name="user-data"),
]
