"""The admin's pages as its tests ask for them."""

import re
from typing import Any

from django.test import Client

PASSWORD = "correct-horse-battery"
CONVERSATIONS = "/admin/conversations/conversation/"
_TITLE = re.compile(r'<a href="/admin/conversations/conversation/(\w{24})/change/[^>]*>([^<]*)</a>')


def log_in(username: str, password: str = PASSWORD) -> Client:
    """Return a browser in which the login form has been sent."""
    browser = Client()
    answer = browser.post("/admin/login/", {"username": username, "password": password})
    assert answer.status_code == 302, answer.content
    return browser


def page(browser: Client, url: str) -> str:
    """Return a page that must be there."""
    answer = browser.get(url)
    assert answer.status_code == 200, (answer.status_code, answer.get("Location"))
    return answer.content.decode()


def titles(browser: Client, query: str = "") -> list[str]:
    """Return the titles on a page of the conversation list, in its order."""
    return [title.strip() for _, title in _TITLE.findall(page(browser, CONVERSATIONS + query))]


def detail(document: dict[str, Any]) -> str:
    """Return the URL of a conversation's page."""
    return f"{CONVERSATIONS}{document['_id']}/change/"
