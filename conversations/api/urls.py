"""The URLs of the API, without trailing slashes."""

from django.urls import path

from conversations.api.views.conversations import ConversationViewSet

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
]
