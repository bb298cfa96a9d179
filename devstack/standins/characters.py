from collections.abc import Mapping
from http import HTTPStatus

from devstack.standins.server import NOT_FOUND, Answer, serve

CHARACTERS: Mapping[str, Mapping[str, object]] = {
    "ada": {
        "id": "ada",
        "name": "Ada Lovelace",
        "avatar_url": "https://avatars.example/ada.png",
    },
    "borges": {
        "id": "borges",
        "name": "Jorge Luis Borges",
        "avatar_url": "https://avatars.example/borges.png",
    },
    "cervantes": {"id": "cervantes", "name": "Miguel de Cervantes", "avatar_url": None},
}


def respond(method: str, path: str, _body: object) -> Answer:
    """Answer `GET /characters/{id}` for the demo characters."""
    folder, _, character_id = path.removeprefix("/").partition("/")
    character = CHARACTERS.get(character_id)
    if method != "GET" or folder != "characters" or character is None:
        return NOT_FOUND
    return HTTPStatus.OK, character


if __name__ == "__main__":
    serve(name="Characters", respond=respond)
