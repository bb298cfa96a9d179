"""Staff accounts and groups, as a superuser keeps them."""

import re

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.integration.admin.pages import CONVERSATIONS, PASSWORD, log_in, page


def test_it_takes_on_staff_from_first_to_last(superuser: Client, name: str) -> None:
    """A group, an account, both together: the new colleague gets in."""
    permission = Permission.objects.get(codename="view_conversation")
    answer = superuser.post(
        "/admin/auth/group/add/", {"name": f"team-{name}", "permissions": [str(permission.pk)]}
    )
    assert answer.status_code == 302
    answer = superuser.post(
        "/admin/auth/user/add/",
        {
            "username": f"new-{name}",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    assert answer.status_code == 302
    user = User.objects.get(username=f"new-{name}")
    answer = superuser.post(
        f"/admin/auth/user/{user.pk}/change/",
        {
            "username": user.username,
            "is_active": "on",
            "is_staff": "on",
            "groups": [str(Group.objects.get(name=f"team-{name}").pk)],
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00:00",
        },
    )
    assert answer.status_code == 302, answer.content
    page(log_in(user.username), CONVERSATIONS)


def test_it_lists_accounts_and_groups_in_order(superuser: Client, name: str) -> None:
    """Ordered by name, searched by a part of it."""
    for letter in "bca":
        User.objects.create_user(f"{name}-{letter}")
        Group.objects.create(name=f"{name}-{letter}")
    for kind in ("user", "group"):
        html = page(superuser, f"/admin/auth/{kind}/?q={name}-")
        rows = re.findall(rf'<a href="/admin/auth/{kind}/\w+/change/[^>]*>\s*({name}-\w)', html)
        assert rows == [f"{name}-a", f"{name}-b", f"{name}-c"]


def test_it_offers_every_permission_by_its_app(superuser: Client, name: str) -> None:
    """The box of a group's page: a join of two collections for each line."""
    group = Group.objects.create(name=name)
    html = page(superuser, f"/admin/auth/group/{group.pk}/change/")
    assert "Conversations | conversation | Can view conversation" in html
    assert html.count("<option value=") >= Permission.objects.count()


def test_it_logs_who_changed_an_account(superuser: Client, name: str) -> None:
    """The history of an account names the member of staff and what they did."""
    superuser.post("/admin/auth/group/add/", {"name": f"team-{name}"})
    group = Group.objects.get(name=f"team-{name}")
    html = page(superuser, f"/admin/auth/group/{group.pk}/history/")
    assert f"super-{name}" in html
    assert "Added" in html
