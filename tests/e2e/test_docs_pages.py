"""The pages for people, fetched and, where there is a Chromium, looked at with no internet."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conversations.api.problems import CATALOGUE
from tests.e2e.live import LiveService

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = ["/api/docs", "/api/redoc", "/api/problems", "/api/problems/not_found"]
ASSET = re.compile(r'(?:src|href)="([^"]+\.(?:js|css|svg))"')


def test_the_root_leads_to_the_docs(service: LiveService) -> None:
    """Whoever opens the bare address finds out what it is."""
    answer = service.get("/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/api/docs"


@pytest.mark.parametrize("path", PAGES)
def test_the_service_itself_serves_all_assets(service: LiveService, path: str) -> None:
    """No script, style or picture comes from elsewhere, and the policy would not let it."""
    answer = service.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "script-src 'unsafe" not in policy
    assets = ASSET.findall(answer.text)
    assert assets
    for asset in assets:
        assert asset.startswith("/static/")
        assert service.get(asset).status_code == 200
    assert "<script>" not in answer.text


def test_the_document_is_revalidated_by_its_etag(service: LiveService) -> None:
    """It changes with a release only."""
    first = service.get("/api/schema")
    assert first.json()["openapi"].startswith("3.1")
    again = service.get("/api/schema", If_None_Match=first.headers["ETag"])
    assert again.status_code == 304
    assert not again.content


def test_there_is_a_page_for_every_error_code(service: LiveService) -> None:
    """The `type` of any problem leads somewhere."""
    overview = service.get("/api/problems").text
    for code, problem in CATALOGUE.items():
        page = service.get(f"/api/problems/{code}")
        assert page.status_code == 200
        assert str(problem.status) in page.text
        assert f'href="/api/problems/{code}"' in overview


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH")
@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_it_renders_with_the_network_closed(
    service: LiveService, tmp_path: Path, path: str
) -> None:
    """Every operation is on the page though no name resolves but this machine's."""
    page = rendered(service.url + path, profile=tmp_path)
    for summary in ("List conversations", "Create a conversation", "Archive a conversation"):
        assert summary in page
    assert "/api/v1/conversations/{id}" in page


def rendered(url: str, *, profile: Path) -> str:
    """Return the page's DOM after its scripts have run in headless Chromium."""
    assert CHROMIUM is not None
    ended = subprocess.run(
        [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--disable-dev-shm-usage", f"--user-data-dir={profile}"),
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            *("--virtual-time-budget=20000", "--dump-dom", url),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return ended.stdout
