"""The conversation as a Beanie document, and the shapes that the API takes and gives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from beanie import Document, PydanticObjectId
from pydantic import BaseModel, Field, StringConstraints
from pymongo import IndexModel

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=10)]


def _now() -> datetime:
    return datetime.now(UTC)


def _list_index(*fields: str, name: str, **options: Any) -> IndexModel:
    keys = [(field, 1) for field in ("user_id", "status", *fields, "_id")]
    return IndexModel(keys, name=name, **options)


class Character(BaseModel):
    name: str
    avatar_url: str | None = None


class ModelSettings(BaseModel):
    model: str | None = Field(default=None, max_length=128)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    language: str | None = Field(default=None, max_length=35)
    system_prompt: str | None = Field(default=None, max_length=8_000)


class Metadata(BaseModel):
    last_activity: datetime = Field(default_factory=_now)
    message_count: int = 0


class ConversationFields(BaseModel):
    """What the document, the row and the answer have in common."""

    user_id: str
    character_id: str
    character: Character
    title: str
    status: str = "active"
    pinned: bool = False
    tags: list[str] = Field(default_factory=list)
    folder_id: PydanticObjectId | None = None
    metadata: Metadata = Field(default_factory=Metadata)
    created_at: datetime = Field(default_factory=_now)
    updated_at: datetime = Field(default_factory=_now)
    archived_at: datetime | None = None
    deleted_at: datetime | None = None
    expires_at: datetime | None = None
    version: int = 1


class Conversation(ConversationFields, Document):
    settings: ModelSettings = Field(default_factory=ModelSettings)

    class Settings:  # noqa: D106  # a framework\'s own form
        name = "conversations"
        indexes: ClassVar[list[IndexModel]] = [
            _list_index("metadata.last_activity", name="by_activity"),
            _list_index("created_at", name="by_created"),
            _list_index("tags", "metadata.last_activity", name="by_tag"),
            _list_index("character_id", "metadata.last_activity", name="by_character"),
            _list_index("folder_id", "metadata.last_activity", name="by_folder"),
            _list_index(
                *("pinned", "metadata.last_activity"),
                name="by_pinned",
                partialFilterExpression={"pinned": True},
            ),
        ]


class Row(ConversationFields):
    """A row of a list: everything but the settings; also the projection of the query."""

    id: PydanticObjectId = Field(alias="_id")


class ConversationOut(ConversationFields):
    id: PydanticObjectId
    settings: ModelSettings


class Page(BaseModel):
    results: list[Row]
    next_cursor: str | None


class ConversationIn(BaseModel):
    character_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")
    title: Title | None = None
    tags: Tags = Field(default_factory=list)
    settings: ModelSettings = Field(default_factory=ModelSettings)
    pinned: bool = False


class ConversationPatch(BaseModel):
    title: Title | None = None
    tags: Tags | None = None
    pinned: bool | None = None
