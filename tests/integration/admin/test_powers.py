"""Staff who keep accounts give nobody, themselves included, more than they were given."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.integration.admin.pages import PASSWORD, log_in, page

USERS = "/admin/auth/user/"
GROUPS = "/admin/auth/group/"
JOINED = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
NEW_PASSWORD = {"usable_password": "true", "password1": "staple-99", "password2": "staple-99"}


@pytest.fixture(autouse=True)
def quick_hash(settings: Any) -> None:
    """Hash passwords in no time: what is tried is not how long each takes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def keeper(staff_of: Callable[..., Client]) -> Client:
    """Log in who may do with accounts and groups all that permissions can give."""
    verbs = ("view", "add", "change", "delete")
    return staff_of(*(f"{verb}_{what}" for verb in verbs for what in ("user", "group")))


@pytest.fixture
def boss(database: None, name: str) -> User:
    """Return a superuser."""
    return User.objects.create_superuser(f"boss-{name}", password=PASSWORD)


def forged(user: User, group: Group) -> dict[str, Any]:
    """Return a form that asks for everything."""
    permissions = Permission.objects.filter(codename="view_conversation_content")
    return {
        **JOINED,
        "username": user.username,
        "first_name": "Renamed",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [str(group.pk)],
        "user_permissions": [str(permission.pk) for permission in permissions],
    }


def powers(user: User) -> tuple[bool, list[str], int]:
    """Return what an account is given, as it is stored."""
    stored = User.objects.get(pk=user.pk)
    groups = sorted(group.name for group in stored.groups.all())
    return stored.is_superuser, groups, stored.user_permissions.count()


def test_it_lets_nobody_give_themselves_more(keeper: Client, name: str) -> None:
    """The rest of the form is saved; the powers in it are only shown."""
    user = User.objects.get(username=f"staff-{name}")
    before = powers(user)
    html = page(keeper, f"{USERS}{user.pk}/change/")
    assert 'name="first_name"' in html
    assert f"group-{name}" in html
    for field in ("is_superuser", "groups", "user_permissions"):
        assert f'name="{field}"' not in html
    form = forged(user, Group.objects.create(name=f"strong-{name}"))
    assert keeper.post(f"{USERS}{user.pk}/change/", form).status_code == 302
    assert powers(user) == before
    assert User.objects.get(pk=user.pk).first_name == "Renamed"


def test_it_lets_them_keep_ordinary_accounts(keeper: Client, name: str) -> None:
    """Taken on without powers, whatever the form says; given a password; let go."""
    form = forged(User(username=f"new-{name}"), Group.objects.create(name=f"strong-{name}"))
    assert keeper.post(f"{USERS}add/", {**form, **NEW_PASSWORD}).status_code == 302
    user = User.objects.get(username=f"new-{name}")
    assert powers(user) == (False, [], 0)
    for_staff = {**JOINED, "username": user.username, "is_active": "on", "is_staff": "on"}
    assert keeper.post(f"{USERS}{user.pk}/change/", for_staff).status_code == 302
    form = {**NEW_PASSWORD, "password1": "another-99", "password2": "another-99"}
    assert keeper.post(f"{USERS}{user.pk}/password/", form).status_code == 302
    log_in(user.username, "another-99")
    assert keeper.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()


def test_it_keeps_a_superusers_account_from_others(keeper: Client, boss: User, name: str) -> None:
    """It can be looked at, without its hash, and neither changed, taken over nor deleted."""
    html = page(keeper, f"{USERS}{boss.pk}/change/")
    assert boss.username in html
    assert boss.password not in html
    assert 'name="username"' not in html
    form = forged(boss, Group.objects.create(name=f"strong-{name}"))
    del form["is_superuser"]
    selected = {"action": "delete_selected", "_selected_action": [str(boss.pk)], "post": "yes"}
    for path, sent in (
        (f"{boss.pk}/change/", form),
        (f"{boss.pk}/password/", NEW_PASSWORD),
        (f"{boss.pk}/delete/", {"post": "yes"}),
        ("", selected),
    ):
        assert keeper.post(USERS + path, sent).status_code == 403, path
    assert keeper.get(f"{USERS}{boss.pk}/password/").status_code == 403
    stored = User.objects.get(pk=boss.pk)
    assert (stored.password, stored.first_name) == (boss.password, "")
    assert powers(boss) == (True, [], 0)


def test_it_keeps_groups_from_others(keeper: Client, name: str) -> None:
    """What a group may do, all in it may do: also who may change groups only looks at them."""
    group = Group.objects.get(name=f"group-{name}")
    before = group.permissions.count()
    html = page(keeper, f"{GROUPS}{group.pk}/change/")
    assert 'name="permissions"' not in html
    everything = [str(permission.pk) for permission in Permission.objects.all()]
    for path, sent in (
        ("add/", {"name": f"mine-{name}", "permissions": everything}),
        (f"{group.pk}/change/", {"name": group.name, "permissions": everything}),
        (f"{group.pk}/delete/", {"post": "yes"}),
    ):
        assert keeper.post(GROUPS + path, sent).status_code == 403, path
    selected = {"action": "delete_selected", "_selected_action": [str(group.pk)], "post": "yes"}
    keeper.post(GROUPS, selected)
    assert Group.objects.get(pk=group.pk).permissions.count() == before
    assert not Group.objects.filter(name=f"mine-{name}").exists()


def test_it_lets_a_superuser_do_all_of_it(superuser: Client, boss: User, name: str) -> None:
    """Raise an account, set another superuser's password, delete them."""
    user = User.objects.create_user(f"plain-{name}", is_staff=True)
    form = forged(user, Group.objects.create(name=f"strong-{name}"))
    assert superuser.post(f"{USERS}{user.pk}/change/", form).status_code == 302
    assert powers(user) == (True, [f"strong-{name}"], 1)
    assert superuser.post(f"{USERS}{boss.pk}/password/", NEW_PASSWORD).status_code == 302
    log_in(boss.username, NEW_PASSWORD["password1"])
    assert superuser.post(f"{USERS}{boss.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=boss.pk).exists()
