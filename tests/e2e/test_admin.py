"""The admin in headless Chromium, with no internet: an operator at work.

With ADMIN_SCREENSHOTS naming a folder the pages are kept there as pictures (docs/screenshots).
"""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.live import LiveService, live_service, own_database

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct-horse-battery"
PATIENCE = 30_000  # milliseconds
SIZE = {"width": 1280, "height": 800}
TITLES = (
    "Windmills or giants",
    "The library of Babel",
    "Notes on the engine",
    "On Sancho's isle",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH"),
]


def manage(service: LiveService, *words: str, **env: str) -> None:
    """Run a command on the service's database."""
    subprocess.run(
        [sys.executable, "manage.py", *words],
        env={**service.env, **env},
        check=True,
        capture_output=True,
    )


@pytest.fixture
def operator(service: LiveService) -> str:
    """Return the name of a superuser of the live service."""
    return create_operator(service)


def create_operator(service: LiveService) -> str:
    """Create a superuser; returns the name."""
    name = f"operator-{uuid.uuid4().hex[:6]}"
    manage(service, "migrate", "--noinput")
    manage(
        service,
        *("createsuperuser", "--noinput", "--username", name, "--email", ""),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    return name


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Return a page of a browser in which no name resolves but this machine's."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
        )
        opened = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a TypedDict
        opened.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield opened
        browser.close()


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page, if one wants them."""
    if folder := os.environ.get("ADMIN_SCREENSHOTS"):
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)  # for what fades in
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": SIZE["width"], "height": max(SIZE["height"], height)})
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.set_viewport_size({"width": SIZE["width"], "height": SIZE["height"]})


def create(service: LiveService, user_id: str) -> dict[str, Any]:
    """Create a user's conversations; returns the last, which has been edited."""
    token = service.token(user_id)
    path = "/api/v1/conversations"
    for title, character in zip(TITLES, ("cervantes", "borges", "ada", "cervantes"), strict=True):
        body = {"title": title, "character_id": character, "tags": ["books"]}
        answer = service.request("POST", path, token=token, json=body)
        assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    answer = service.request(
        "PATCH", f"{path}/{created['id']}", token=token, json={"tags": ["books", "islands"]}
    )
    assert answer.status_code == 200, answer.text
    return created


def log_in(page: Page, operator: str) -> None:
    """Send the login form that the page shows, and wait for the dashboard."""
    page.fill("input[name=username]", operator)
    page.fill("input[name=password]", PASSWORD)
    page.click("#login-form button[type=submit]")
    expect(page.locator("canvas.chart").first).to_be_visible()


def test_an_operator_finds_a_conversation_and_archives_it(
    service: LiveService, operator: str, page: Page, user_id: str
) -> None:
    """Logs in, searches the user, opens the conversation, archives it, and sees the event."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"{page.url} {error.stack}"))
    page.on("requestfailed", lambda request: faults.append(request.url))
    created = create(service, user_id)

    page.goto(f"{service.url}/admin/")
    keep(page, "login")
    log_in(page, operator)
    page.wait_for_timeout(5500 if "ADMIN_SCREENSHOTS" in os.environ else 0)
    page.goto(f"{service.url}/admin/")
    keep(page, "dashboard")

    page.goto(f"{service.url}/admin/conversations/conversation/")
    page.fill("input[name=q]", user_id)
    page.press("input[name=q]", "Enter")
    expect(page.get_by_role("link", name=TITLES[0])).to_be_visible()
    keep(page, "conversations")
    page.get_by_role("link", name=created["title"]).click()
    expect(page.locator("[data-event='conversation.updated']")).to_be_visible()
    page.click("button[name=action][value=archive]")
    archived = page.locator("[data-event='conversation.archived']")
    expect(archived).to_contain_text(f"admin:{operator}")
    expect(page.get_by_text(f"Archived: {created['id']}")).to_be_visible()
    keep(page, "conversation")

    answer = service.get(f"/api/v1/conversations/{created['id']}", token=service.token(user_id))
    assert (answer.json()["status"], answer.json()["version"]) == ("archived", 3)

    page.click("button[name=action][value=purge]")
    expect(page.get_by_role("button", name="Yes, purge")).to_be_visible()
    keep(page, "purge")
    for name in ("job", "parkedevent", "breaker", "contentview"):
        page.goto(f"{service.url}/admin/conversations/{name}/")
        keep(page, name)
    assert faults == []


def test_the_dashboard_can_be_read_on_a_telephone(tmp_path: Path, page: Page) -> None:
    """The longest path wraps, so that no column of the table leaves its card."""
    page.set_viewport_size({"width": 390, "height": 844})
    with live_service(folder=tmp_path) as service, own_database(service):  # the busiest are its own
        operator = create_operator(service)
        service.get(f"/admin/conversations/conversation/{'f' * 24}/change/")
        page.goto(f"{service.url}/admin/")
        log_in(page, operator)
        expect(page.get_by_role("cell", name="{object_id}/change/")).to_have_count(1)
        page.get_by_role("columnheader", name="Endpoint").scroll_into_view_if_needed()
        expect(page.get_by_role("columnheader", name="Mean, ms")).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
