from typing import Any

import requests
from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from bench.peers import environment
from bench.peers.drf.models import Conversation
from bench.peers.drf.serializers import ConversationSerializer, RowSerializer

session = requests.Session()


def character(character_id: str) -> dict[str, Any]:
    """Return the character; answers of its service are kept in the process for 300 s."""
    kept = cache.get(character_id)
    if kept is None:
        url = f"{environment.CHARACTERS_SERVICE_URL}/characters/{character_id}"
        response = session.get(url, timeout=10)
        if response.status_code == status.HTTP_404_NOT_FOUND:
            raise ValidationError({"character_id": "no such character"})
        response.raise_for_status()
        answer = response.json()
        kept = {"name": answer["name"], "avatar_url": answer["avatar_url"]}
        cache.set(character_id, kept, environment.CHARACTER_SECONDS)
    return kept


class NewestFirst(CursorPagination):
    page_size = environment.PAGE
    ordering = ("-last_activity", "-id")


class ConversationViewSet(ModelViewSet[Conversation]):
    pagination_class = NewestFirst

    def get_serializer_class(self) -> type[BaseSerializer[Conversation]]:
        return RowSerializer if self.action == "list" else ConversationSerializer

    def get_queryset(self) -> QuerySet[Conversation]:
        mine = Conversation.objects.filter(user_id=self.request.user.id)
        return mine.filter(status="active") if self.action == "list" else mine

    def perform_create(self, serializer: BaseSerializer[Conversation]) -> None:
        snapshot = character(serializer.validated_data["character_id"])
        serializer.save(
            user_id=self.request.user.id,
            character=snapshot,
            title=serializer.validated_data.get("title") or snapshot["name"],
            last_activity=timezone.now(),
        )
