"""docker/compose.yml: the whole system on one machine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conversation_service import __version__
from conversation_service.config import Config
from tests.unit.deployment.files import (
    DOCKER,
    PINNED,
    SECRET,
    VARIABLES,
    assignments,
    config_of,
    documents,
)

TEXT = (DOCKER / "compose.yml").read_text()
COMPOSE = documents(DOCKER / "compose.yml")[0]
SERVICES: Mapping[str, Any] = COMPOSE["services"]
EXAMPLE = assignments(DOCKER / ".env.example")
OURS = [name for name, service in SERVICES.items() if "build" in service]
OF_THE_SERVICE = ["setup", "web", "worker", "beat"]
# These have a health check in their image.
CHECKED_BY_IMAGE = ("web", "front")
# `${NAME:-default}` and `${NAME:?message}`
INTERPOLATED = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}")


def environment(name: str, **given: str) -> dict[str, str]:
    """Return the variables of a service as Compose would fill them in."""

    def value(match: re.Match[str]) -> str:
        return given.get(match[1]) or (SECRET if match[2] is None else match[2])

    variables = SERVICES[name].get("environment", {})
    return {key: INTERPOLATED.sub(value, str(text)) for key, text in variables.items()}


@pytest.mark.parametrize("name", SERVICES)
def test_its_image_is_of_one_version(name: str) -> None:
    """Of the service's own version where the image is ours."""
    image = SERVICES[name]["image"]
    assert PINNED.fullmatch(image)
    if name in OURS:
        assert image.endswith(f":{__version__}")


@pytest.mark.parametrize("name", SERVICES)
def test_it_is_bounded_and_comes_back(name: str) -> None:
    """In memory and processors; it is started again, and its log does not fill the disk."""
    service = SERVICES[name]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert service["restart"] in ("unless-stopped", "on-failure:5")
    assert service["logging"]["options"]["max-size"]


@pytest.mark.parametrize("name", OURS)
def test_ours_may_do_little(name: str) -> None:
    """No capability, no new privileges, nothing written outside of what is named."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_of_the_service(name: str) -> None:
    """A misspelt one would be ignored."""
    assert set(SERVICES[name].get("environment", {})) <= VARIABLES


@pytest.mark.parametrize("name", OF_THE_SERVICE)
def test_the_service_can_start_with_its_configuration(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the strict rules of production."""
    config = config_of(environment(name), patch=monkeypatch, folder=tmp_path)
    assert config.is_production


def test_the_front_and_the_service_are_called_the_same() -> None:
    """Problems of both begin with one URL."""
    assert environment("front")["PUBLIC_URL"] == environment("web")["PUBLIC_URL"]
    assert environment("web", PUBLIC_URL="http://x")["PUBLIC_URL"] == "http://x"


def test_pages_of_the_same_origins_can_read_the_answers_of_both() -> None:
    """The front has errors of its own."""
    for name in ("front", "web"):
        given = environment(name, CORS_ALLOWED_ORIGINS="https://a")
        assert given["CORS_ALLOWED_ORIGINS"] == "https://a"


def test_the_front_is_given_the_time_of_every_request() -> None:
    """It is stopped first, for it waits for the web server when it starts."""
    assert "web" in SERVICES["front"]["depends_on"]
    request_timeout, margin = Config.model_fields["request_timeout"].default, 5  # of front.sh
    assert int(SERVICES["front"]["stop_grace_period"].removesuffix("s")) > request_timeout + margin


def test_the_example_names_what_is_filled_in() -> None:
    """And nothing besides; what has no default is empty there, so that nobody runs on it."""
    filled = {match[1]: match[2] for match in INTERPOLATED.finditer(TEXT)}
    assert filled.keys() == EXAMPLE.keys()
    for name, default in filled.items():
        assert EXAMPLE[name] == (default or ""), name


def test_it_waits_only_for_what_says_it_is_ready() -> None:
    """Else it would wait for ever."""
    for name, service in SERVICES.items():
        for needed, condition in service.get("depends_on", {}).items():
            check = SERVICES[needed].get("healthcheck", {})
            if condition == {"condition": "service_healthy"}:
                assert "test" in check or needed in CHECKED_BY_IMAGE, (name, needed)
            else:
                assert condition == {"condition": "service_completed_successfully"}
                assert SERVICES[needed]["restart"].startswith("on-failure")


def test_only_the_front_is_published() -> None:
    """What watches it answers on the loopback address."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("front") == ["8003:8003"]
    assert published
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_what_it_mounts_is_there() -> None:
    """Files of the repository, and volumes that are declared."""
    for name, service in SERVICES.items():
        for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
            if source.startswith("."):
                assert (DOCKER / source).is_dir(), (name, source)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_prometheus_asks_for_what_is_served() -> None:
    """The front by a name that the service takes for its own, and the worker's port."""
    (prometheus,) = documents(DOCKER / "prometheus" / "prometheus.yml")
    web, worker, _itself = prometheus["scrape_configs"]
    (target,) = web["static_configs"][0]["targets"]
    host, port = target.split(":")
    assert host in SERVICES
    assert host in environment("web")["ALLOWED_HOSTS"].split(",")
    assert port == SERVICES[host]["ports"][0].split(":")[1]
    assert worker["dns_sd_configs"][0]["names"] == ["worker"]
    assert str(worker["dns_sd_configs"][0]["port"]) == environment("worker")["WORKER_METRICS_PORT"]
