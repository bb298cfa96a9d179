"""The Characters Service: what a character is called and looks like."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from integrations import metrics
from integrations.client import Request
from integrations.errors import CharacterNotFound
from integrations.resilience.cache import Codec, SnapshotCache
from integrations.resilience.deadline import Deadline
from integrations.resilience.shared import SharedMemory
from integrations.upstream import Health, Upstream

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")  # nothing in it needs quoting in a path
LONGEST_NAME = 200  # characters
LONGEST_URL = 2048  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Character:
    """What a conversation keeps of its character."""

    id: str
    name: str
    avatar_url: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CharacterAnswer:
    """A character; `stale` when its service could not be asked and an older answer stands in."""

    character: Character
    stale: bool = False


class CharactersClient:
    """Reads characters, from snapshots as long as they are fresh."""

    def __init__(self, *, upstream: Upstream, shared: SharedMemory) -> None:
        self._upstream = upstream
        self._snapshots = SnapshotCache(
            upstream=upstream.name, shared=shared, codec=Codec(encode=_encode, decode=_decode)
        )

    def get(self, *, character_id: str, deadline: Deadline) -> CharacterAnswer:
        """Return the character.

        Raises CharacterNotFound, also for an id that no character can have, and
        UpstreamUnavailable when the service cannot be asked and no snapshot can stand in.
        """
        if not _ID.fullmatch(character_id):
            raise CharacterNotFound(character_id=character_id)
        character, stale = self._snapshots.get(
            character_id,
            load=lambda: self._load(character_id, deadline=deadline),
            deadline=deadline,
        )
        if character is None:
            raise CharacterNotFound(character_id=character_id)
        if stale:
            metrics.DEGRADED_ANSWERS.labels("characters-stale").inc()
        return CharacterAnswer(character=character, stale=stale)

    def health(self) -> Health:
        """Return this dependency's part of /health."""
        return self._upstream.health()

    def _load(self, character_id: str, *, deadline: Deadline) -> Character | None:
        return self._upstream.call(
            Request(path=f"/characters/{character_id}"),
            read=lambda content: _parse(content, character_id=character_id),
            none_for=HTTPStatus.NOT_FOUND,
            deadline=deadline,
        )


def _parse(content: Mapping[str, object], *, character_id: str) -> Character:
    """Return the character described, made to fit what a conversation keeps.

    Raises ValueError unless it is the one asked for and has a name.
    """
    name = content.get("name")
    if content.get("id") != character_id:
        raise ValueError("another character")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("not a name")
    if len(name) > LONGEST_NAME:
        name = name.strip()[:LONGEST_NAME]
    return Character(id=character_id, name=name, avatar_url=_web_url(content.get("avatar_url")))


def _web_url(value: object) -> str | None:
    """Return the value if a browser may be given it as an image's address, else None."""
    if not isinstance(value, str) or len(value) > LONGEST_URL:
        return None
    try:
        url = urlsplit(value)
    except ValueError:
        return None
    return value if url.scheme in {"http", "https"} and url.netloc else None


def _encode(character: Character) -> object:
    return {"id": character.id, "name": character.name, "avatar_url": character.avatar_url}


def _decode(kept: object) -> Character | None:
    if not isinstance(kept, dict) or not isinstance(kept.get("id"), str):
        return None
    try:
        return _parse(kept, character_id=kept["id"])
    except ValueError:
        return None
