"""Where the pages lead."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT, Page, pages

# Those outside are looked at, not asked for: the tests need no internet.
EXTERNAL = re.compile(r"https?://[a-z0-9.-]+(:\d+)?(/[\w./#?=&%+~@:-]*)?\Z")


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_link_leads_somewhere(page: Page) -> None:
    """To a file of the repository, and a heading in it."""
    assert [link for link in page.links if not _leads_somewhere(link, page)] == []
    assert [text for text in page.text if "](" in text] == [], "no link, but meant as one"


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_page_of_the_docs_is_led_to(page: Page) -> None:
    """Somebody who begins with the README can find it."""
    if page.path == ROOT / "README.md":
        return
    found = {_file(link, other) for other in pages() for link in other.links if other != page}
    # A link to a folder is one to all that is in it.
    assert not found.isdisjoint({page.path, page.path.parent})


def _leads_somewhere(link: str, page: Page) -> bool:
    if "://" in link:
        return bool(EXTERNAL.match(link))
    path, anchor = _file(link, page), urlsplit(link).fragment
    if not path.exists() or not path.is_relative_to(ROOT):
        return False
    return not anchor or (path.suffix == ".md" and anchor in Page(path).anchors)


def _file(link: str, page: Page) -> Path:
    path = unquote(urlsplit(link).path)
    return (page.path.parent / path).resolve() if path else page.path
