"""What the tests of the deployment read: its files, and the configuration they give the service."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conversation_service.config import Config, load_config

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "docker"
KUBERNETES = DOCKER / "kubernetes"
VARIABLES = frozenset(name.upper() for name in Config.model_fields)
SECRET = "0123456789abcdef0123456789abcdef"

# With a version in it, never a name that moves, such as `latest`.
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?")

Document = Mapping[str, Any]


def documents(path: Path) -> list[Document]:
    """Return the YAML documents of a file."""
    return list(yaml.safe_load_all(path.read_text()))


def assignments(path: Path) -> dict[str, str]:
    """Return the variables that a file of NAME=VALUE lines sets."""
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def config_of(variables: Mapping[str, str], *, patch: pytest.MonkeyPatch, folder: Path) -> Config:
    """Return the configuration of a process with these variables and no other of the service's.

    Raises ConfigError as the process would end with it.
    """
    patch.chdir(folder)
    for name in VARIABLES:
        patch.delenv(name, raising=False)
    for name, value in variables.items():
        patch.setenv(name, value)
    return load_config()
