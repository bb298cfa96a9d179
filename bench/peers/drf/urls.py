from django.urls import path

from bench.peers.drf.views import ConversationViewSet

urlpatterns = [
    path(
        "api/v1/conversations",
        ConversationViewSet.as_view({"get": "list", "post": "create"}),
    ),
    path(
        "api/v1/conversations/<pk>",
        ConversationViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
    ),
]
