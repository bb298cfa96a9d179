"""docker/prometheus: rules that hold together, and tell people what to do."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.observed import PAGE, ROOT, alerts

PROMTOOL = shutil.which("promtool")


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_each_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    """By a severity, a summary, and a paragraph of the documentation that is there."""
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert alert["annotations"]["summary"]
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert ROOT / page == PAGE
    headings = re.findall(r"^#+ (.+)$", PAGE.read_text(), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]


def test_names_are_used_once() -> None:
    """An alert silenced by its name is that one alone."""
    names = [alert["alert"] for alert in alerts()]
    assert len(names) == len(set(names))


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian package prometheus) is absent")
def test_promtool_finds_no_fault_and_the_right_people_are_alarmed() -> None:
    """`make observability-check`: syntax, and what happens in given situations."""
    ran = subprocess.run(
        ["make", "--old-file", ".venv/.installed", "observability-check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
