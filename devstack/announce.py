from collections.abc import Iterable, Mapping

from conversation_service.config import Config
from devstack.folder import Folder
from devstack.servers import Embedded

# What a command started in another terminal needs to find a running stack.
NAMED = (
    "MONGODB_URL",
    "REDIS_URL",
    "CELERY_BROKER_URL",
    "EVENTS_BROKER_URL",
    "AUTH_SERVICE_URL",
    "CHARACTERS_SERVICE_URL",
    "MONGODB_DATABASE",
    "JWT_SECRET_KEY",
)


def variables(config: Config, *, servers: Iterable[Embedded]) -> dict[str, str]:
    """Environment variables that name the servers of the stack, embedded or not."""
    named = {
        name: str(getattr(config, name.lower()))
        for name in NAMED
        if name.lower() in config.model_fields_set
    }
    for server in servers:
        named.update(server.variables)
    return named | {"PUBLIC_URL": config.base_url}


def announce(folder: Folder, *, names: Mapping[str, str]) -> None:
    """Write them to the file in which commands outside of the stack look."""
    draft = folder.env_file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={value}\n" for name, value in names.items()))
    draft.replace(folder.env_file)
