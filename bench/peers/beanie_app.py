"""FastAPI + Beanie on PyMongo's async client: the peer that people would write today."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import aiohttp
import jwt
from beanie import PydanticObjectId, init_beanie
from beanie.operators import Inc, Set
from bson import ObjectId
from fastapi import Depends, FastAPI, HTTPException, Query, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pymongo import AsyncMongoClient

from bench.peers import environment
from bench.peers.beanie_models import (
    Character,
    Conversation,
    ConversationIn,
    ConversationOut,
    ConversationPatch,
    Page,
    Row,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(environment.MONGODB_URL)
    await init_beanie(database=client[environment.DATABASE], document_models=[Conversation])
    async with aiohttp.ClientSession(environment.CHARACTERS_SERVICE_URL) as session:
        app.state.characters = Characters(session)
        yield
    await client.close()


class Characters:
    """The Characters Service; its answers are kept in the process for 300 s."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._kept: dict[str, tuple[float, Character]] = {}

    async def get(self, character_id: str) -> Character:
        expires_at, kept = self._kept.get(character_id, (0.0, None))
        if kept is not None and expires_at > time.monotonic():
            return kept
        async with self._session.get(f"/characters/{character_id}") as response:
            if response.status == status.HTTP_404_NOT_FOUND:
                raise HTTPException(422, "no such character")
            response.raise_for_status()
            character = Character.model_validate(await response.json())
        self._kept[character_id] = (time.monotonic() + environment.CHARACTER_SECONDS, character)
        return character


def current_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    try:
        claims = jwt.decode(
            credentials.credentials,
            environment.JWT_SECRET_KEY,
            algorithms=["HS256"],
            options={"require": ["exp", "user_id"]},
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "invalid token", {"WWW-Authenticate": "Bearer"}) from error
    return str(claims["user_id"])


User = Annotated[str, Depends(current_user)]


async def owned(conversation_id: PydanticObjectId, user: User) -> Conversation:
    # One document: two conditions would be joined by $and, which some servers cannot index.
    conversation = await Conversation.find_one({"_id": conversation_id, "user_id": user})
    if conversation is None:
        raise HTTPException(404, "no such conversation")
    return conversation


Owned = Annotated[Conversation, Depends(owned)]
app = FastAPI(lifespan=lifespan)


@app.get("/api/v1/conversations", response_model_by_alias=False)
async def list_conversations(
    user: User,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = environment.PAGE,
) -> Page:
    query = Conversation.find({"user_id": user, "status": "active"})
    if cursor is not None:
        query = query.find(_beyond(cursor))
    rows = await (
        query.sort("-metadata.last_activity", "-_id").limit(limit + 1).project(Row).to_list()
    )
    more = len(rows) > limit
    return Page(results=rows[:limit], next_cursor=_cursor(rows[limit - 1]) if more else None)


def _cursor(row: Row) -> str:
    text = f"{row.metadata.last_activity.isoformat()} {row.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _beyond(cursor: str) -> dict[str, Any]:
    try:
        moment, row_id = base64.urlsafe_b64decode(cursor).decode().split()
        last, _id = datetime.fromisoformat(moment), ObjectId(row_id)
    except Exception as error:
        raise HTTPException(400, "invalid cursor") from error
    field = "metadata.last_activity"
    return {"$or": [{field: {"$lt": last}}, {field: last, "_id": {"$lt": _id}}]}


@app.get("/api/v1/conversations/{conversation_id}", response_model=ConversationOut)
async def get_conversation(conversation: Owned) -> Conversation:
    return conversation


@app.post("/api/v1/conversations", status_code=201, response_model=ConversationOut)
async def create_conversation(draft: ConversationIn, user: User, request: Request) -> Conversation:
    character = await request.app.state.characters.get(draft.character_id)
    conversation = Conversation(
        **draft.model_dump(exclude={"title"}),
        user_id=user,
        character=character,
        title=draft.title or character.name,
    )
    await conversation.insert()
    return conversation


@app.patch("/api/v1/conversations/{conversation_id}", response_model=ConversationOut)
async def update_conversation(patch: ConversationPatch, conversation: Owned) -> Conversation:
    changes = patch.model_dump(exclude_unset=True)
    if changes:
        await conversation.update(
            Set({**changes, "updated_at": datetime.now(UTC)}), Inc({Conversation.version: 1})
        )
    return conversation
