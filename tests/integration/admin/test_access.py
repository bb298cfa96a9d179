"""Who gets into the admin, and how far."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.client import token_for
from tests.factories import ConversationDocumentFactory
from tests.integration.admin.pages import CONVERSATIONS, PASSWORD, detail, log_in, page


def test_it_lets_staff_see_what_their_group_may_see(viewer: Client) -> None:
    """Not only superusers: the index leads to conversations, and to nothing else."""
    html = page(viewer, "/admin/")
    assert f'href="{CONVERSATIONS}"' in html
    assert 'href="/admin/auth/user/"' not in html
    page(viewer, CONVERSATIONS)
    assert viewer.get("/admin/auth/user/").status_code == 403


def test_it_keeps_staff_without_the_permission_out(staff_of: Callable[..., Client]) -> None:
    """Neither the list nor one conversation."""
    browser = staff_of("view_user")
    stored = ConversationDocumentFactory.create()
    assert browser.get(CONVERSATIONS).status_code == 403
    assert browser.get(detail(stored)).status_code == 403
    page(browser, "/admin/auth/user/")


@pytest.mark.usefixtures("database")
def test_it_sends_strangers_to_the_login_page() -> None:
    """Without a session; a bearer token of the API, whatever its scope, is none."""
    token = token_for("someone", scope="conversations:admin")
    answer = Client().get(CONVERSATIONS, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/login/?next={CONVERSATIONS}"


@pytest.mark.usefixtures("database")
def test_it_refuses_accounts_that_are_not_staff(name: str) -> None:
    """The form comes back with an error."""
    User.objects.create_user(f"plain-{name}", password=PASSWORD)
    answer = Client().post("/admin/login/", {"username": f"plain-{name}", "password": PASSWORD})
    assert answer.status_code == 200
    assert "staff account" in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["r/1/1/", "r/abc/x/", f"conversations/conversation/{'a' * 5000}/history/"]
)
def test_it_says_that_there_is_no_such_page(superuser: Client, path: str) -> None:
    """Whatever stands for an id."""
    assert superuser.get(f"/admin/{path}").status_code == 404


@pytest.mark.usefixtures("database")
def test_it_says_what_to_do_with_a_form_that_is_out_of_date() -> None:
    """Who has logged in anew in another tab may do this, but not by this form."""
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "somebody"})
    assert answer.status_code == 403
    assert "Load the page again" in answer.json()["detail"]


def test_it_gives_staff_no_access_to_the_api(superuser: Client) -> None:
    """A session speaks for no one there."""
    assert superuser.get("/api/v1/conversations").status_code == 401


def test_it_ends_a_session_when_staff_log_out(viewer: Client) -> None:
    """Also for whoever kept a copy of its cookie."""
    kept = Client()
    kept.cookies.update(viewer.cookies)
    page(kept, CONVERSATIONS)
    assert viewer.post("/admin/logout/").status_code in {200, 302}
    assert kept.get(CONVERSATIONS).status_code == 302


@pytest.mark.usefixtures("database")
def test_it_ends_the_other_sessions_when_a_password_changes(name: str) -> None:
    """The one in which it was changed goes on."""
    User.objects.create_user(f"staff-{name}", password=PASSWORD, is_staff=True)
    here, elsewhere = log_in(f"staff-{name}"), log_in(f"staff-{name}")
    answer = here.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": "staple-9", "new_password2": "staple-9"},
    )
    assert answer.status_code == 302
    assert elsewhere.get("/admin/").status_code == 302
    page(here, "/admin/")
