"""What the pages name: variables, files, metrics, calls of the API, alerts."""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

import pytest
from django.conf import settings
from django.urls import Resolver404, resolve
from prometheus_client import REGISTRY

from conversation_service.config import Config
from tests.docs.pages import ROOT, Page, pages
from tests.observed import PAGE, alerts

VARIABLE = re.compile(r"(?<![\w$%{./])[A-Z][A-Z0-9]*_[A-Z0-9_]*(?![\w(])")
# Of others: what they or the tests read, or what is only an example or a word of MongoDB's.
OTHERS = {
    "ACTIVITY_UPDATES",
    "FORMER_URL",
    "PROJECTION_SIMPLE",
    "PROMETHEUS_MULTIPROC_DIR",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "SSL_CERT_FILE",
}
SUFFIXES = (".py", ".md", ".yml", ".yaml", ".json", ".txt", ".sh", ".template", ".cfg", ".toml")
FILE = re.compile(r"(?![/.])[\w./-]+\Z")
# What `make run` makes, what belongs to readers, and what there might be.
NOT_OURS = {
    *("logs/", "run/", "valkey/", "var/", "var/run/stack.env"),
    *("docker/.env", "figures.json", "kustomization.yaml"),
    *("conversations/data_migrations/NNNN_name.py", "kafka.py"),
}
SKIPPED = {".git", ".venv", "var"}
METRIC = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)*_(?:total|seconds)\b|\b[a-z]+_[a-z_]+(?=\{)")
CALL = re.compile(r"\b(?:GET|POST|PATCH|DELETE) (/[\w/{}-]*)")


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_variable_is_one_of_the_configuration(page: Page) -> None:
    """Or a setting of Django's. Where a name ends in `_…` some variable begins so."""
    named = {name for words in page.words for name in VARIABLE.findall(words)}
    assert sorted(name for name in named if not _is_variable(name)) == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_file_is_there(page: Page) -> None:
    """By its path from the root, or by the end of it where that is enough."""
    assert sorted({name for name in _files_named(page) if not _is_file(name)}) == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_metric_is_registered(page: Page) -> None:
    """By the service, under the name that Prometheus reads."""
    named = {name for words in page.words for name in METRIC.findall(words)}
    assert sorted(named - _metrics()) == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_call_is_one_of_the_api(page: Page) -> None:
    """With the API's prefix or without it."""
    named = {path for words in page.words for path in CALL.findall(words)}
    assert sorted(path for path in named if not _is_route(path)) == []


def test_every_alert_has_a_row_among_the_incidents() -> None:
    """Which leads on to its paragraph, and there is no row of an alert that is gone."""
    incidents = Page(ROOT / "docs" / "incidents.md")
    prefix = f"{PAGE.name}#"
    led_to = {link.removeprefix(prefix) for link in incidents.links if link.startswith(prefix)}
    anchors = {each["annotations"]["runbook"].partition("#")[2] for each in alerts()}
    assert anchors <= led_to
    code = " ".join(incidents.code)
    assert [each["alert"] for each in alerts() if f"{each['alert']} " not in f"{code} "] == []


def _is_variable(name: str) -> bool:
    ours = {field.upper() for field in Config.model_fields} | OTHERS | _of_compose()
    if name.endswith("_"):
        return any(each.startswith(name) for each in ours)
    return name in ours or hasattr(settings, name)


@lru_cache(maxsize=1)
def _of_compose() -> set[str]:
    compose = (ROOT / "docker" / "compose.yml").read_text()
    return set(re.findall(r"\$\{([A-Z_]+)", compose))


def _files_named(page: Page) -> Iterator[str]:
    top = {path.name for path in ROOT.iterdir() if path.is_dir()}
    for code in page.code:
        for word in code.split():
            name = word.strip("`'\",;:()").removeprefix("./").partition("::")[0]
            if not FILE.match(name) or name in NOT_OURS or "//" in name:
                continue
            if name.endswith(SUFFIXES) or name.endswith("/") or name.partition("/")[0] in top:
                yield name


def _is_file(name: str) -> bool:
    end = f"/{name.rstrip('/')}"
    return any(path.endswith(end) for path in _all_files())


@lru_cache(maxsize=1)
def _all_files() -> list[str]:
    top = [path for path in ROOT.iterdir() if path.name not in SKIPPED]
    paths = [each for path in top for each in (path, *path.rglob("*"))]
    return [f"/{path.relative_to(ROOT)}" for path in paths]


@lru_cache(maxsize=1)
def _metrics() -> set[str]:
    for package in ("conversation_service", "conversations", "integrations"):
        for path in (ROOT / package).rglob("metrics.py"):
            # Loading one registers what it declares.
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    endings = {"counter": ("_total",), "histogram": ("", "_bucket", "_count", "_sum")}
    return {
        family.name + ending
        for family in REGISTRY.collect()
        for ending in endings.get(family.type, ("",))
    }


def _is_route(path: str) -> bool:
    example = re.sub(r"\{\w+\}", "0" * 24, path)
    for candidate in (example, f"/api/v1{example}"):
        try:
            resolve(candidate)
        except Resolver404:
            continue
        return True
    return False
