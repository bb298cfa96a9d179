"""The conversations of the user `demo`, for trying the service out."""

from dataclasses import dataclass
from datetime import timedelta

from conversations.states import Status

DEMO_USER = "demo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One conversation. Without a title it is called after its character; `age` is up to now."""

    character_id: str
    age: timedelta
    title: str | None = None
    tags: tuple[str, ...] = ()
    status: Status = Status.ACTIVE
    pinned: bool = False
    language: str | None = None
    system_prompt: str | None = None


SAMPLES = (
    Sample(character_id="ada", age=timedelta(minutes=5)),
    Sample(
        character_id="ada",
        title="Notes on the Analytical Engine",
        tags=("machines", "history"),
        age=timedelta(hours=2),
        pinned=True,
        system_prompt="Answer as Ada Lovelace would in 1843, and name your sources.",
    ),
    Sample(
        character_id="borges",
        title="Qué tal, maestro",
        tags=("español",),
        age=timedelta(hours=7),
        language="es",
    ),
    Sample(
        character_id="borges",
        title="The library and its catalogue",
        tags=("books", "infinity"),
        age=timedelta(days=1),
    ),
    Sample(
        character_id="cervantes",
        title="Windmills, once more",
        tags=("books", "español"),
        age=timedelta(days=1, hours=4),
        pinned=True,
    ),
    Sample(character_id="cervantes", age=timedelta(days=2), language="es-MX"),
    Sample(
        character_id="ada",
        title="Bernoulli numbers, step by step",
        tags=("maths", "machines"),
        age=timedelta(days=3),
    ),
    Sample(
        character_id="borges",
        title="Tigres y espejos 🐅",
        tags=("español", "dreams"),
        age=timedelta(days=6),
        language="es",
    ),
    Sample(
        character_id="ada",
        title="A poetical science",
        tags=("history",),
        age=timedelta(days=12),
        status=Status.ARCHIVED,
    ),
    Sample(
        character_id="cervantes",
        title="Advice for a second part",
        tags=("books",),
        age=timedelta(days=20),
        status=Status.ARCHIVED,
    ),
    Sample(
        character_id="borges",
        title="A draft that led nowhere",
        age=timedelta(days=21),
        status=Status.DELETED,
    ),
    Sample(
        character_id="ada",
        title="Shopping list",
        tags=("misc",),
        age=timedelta(days=25),
        status=Status.DELETED,
    ),
)
