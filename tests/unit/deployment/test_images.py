"""What goes into the images, and as whom they run."""

import re
import shlex
from pathlib import Path

from tests.unit.deployment.files import DOCKER, PINNED, ROOT

DOCKERFILE = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
LET_IN = [
    line.removeprefix("!")
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if line.startswith("!")
]
PACKAGES = ("conversation_service", "conversations", "integrations", "mongo_migrations")


def stages() -> dict[str, str]:
    """Return the instructions of each stage by its name."""
    parts = re.split(r"^FROM (\S+) AS (\S+)\n", DOCKERFILE, flags=re.MULTILINE)[1:]
    return dict(zip(parts[1::3], parts[2::3], strict=True))


def bases() -> list[str]:
    """Return the images that the stages begin from, but for stages themselves."""
    return [
        base
        for base in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
        if base not in stages()
    ]


def sources(stage: str) -> list[str]:
    """Return what a stage copies from the repository."""
    copies = [
        shlex.split(line) for line in re.findall(r"^COPY (?!--from)(.+)", stage, re.MULTILINE)
    ]
    return [source for words in copies for source in words[:-1]]


def test_it_begins_from_versions_that_do_not_move() -> None:
    """Two builds of one commit have the same base."""
    assert bases()
    assert [base for base in bases() if not PINNED.fullmatch(base)] == []


def test_every_image_runs_as_a_numbered_user() -> None:
    """A number, for Kubernetes must know that it is not root, and the socket has one owner."""
    for name in ("front", "standins", "service"):
        assert re.findall(r"^USER (\S+)", stages()[name], re.MULTILINE) == ["10001:10001"], name


def test_a_build_without_a_target_makes_the_service() -> None:
    """The last stage is what such a build makes."""
    assert list(stages())[-1] == "service"


def test_all_that_is_copied_is_there_and_let_in() -> None:
    """By .dockerignore, which leaves out all that it does not name."""
    for source in (each for stage in stages().values() for each in sources(stage)):
        assert (ROOT / source).exists(), source
        assert any(Path(source).is_relative_to(path) for path in LET_IN), source


def test_what_is_let_in_is_copied() -> None:
    """Nothing else is sent to the builder: no data, no secrets, no tests."""
    copied = [source for stage in stages().values() for source in sources(stage)]
    assert sorted(LET_IN) == sorted(copied)


def test_the_service_has_all_its_packages_and_no_development_stack() -> None:
    """Nor its requirements, of which one has a licence that the image shall not carry."""
    assert set(PACKAGES) <= set(sources(stages()["builder"]))
    assert "devstack" not in stages()["builder"] + stages()["service"]
    assert re.findall(r"requirements/\w+\.txt", stages()["builder"].split("WORKDIR")[0]) == [
        "requirements/base.txt",
        "requirements/constraints.txt",
        "requirements/base.txt",
    ]
