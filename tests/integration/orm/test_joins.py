"""What the ORM reads across collections: the admin's permissions, lists and log."""

import uuid
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Count

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture
def staff(name: str) -> User:
    """Create a staff user with permissions of their own and of two groups."""
    user = User.objects.create_user(f"staff-{name}", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="add_group"))
    for group_name, codenames in (
        (f"viewers-{name}", ["view_user", "view_conversation"]),
        (f"editors-{name}", ["view_user", "change_user"]),
    ):
        group = Group.objects.create(name=group_name)
        group.permissions.set(Permission.objects.filter(codename__in=codenames))
        user.groups.add(group)
    return user


@pytest.fixture
def logged(staff: User) -> list[str]:
    """Log three times what the user did, the second time without a content type."""
    users = ContentType.objects.get_for_model(User)
    for number, content_type in enumerate((users, None, users)):
        LogEntry.objects.create(
            user=staff,
            content_type=content_type,
            object_id=str(number),
            object_repr=f"{staff.username}/{number}",
            action_flag=CHANGE,
        )
    return [f"{staff.username}/{number}" for number in range(3)]


def test_it_knows_what_a_staff_user_may(staff: User) -> None:
    """Permissions carry the name of their app, from groups and from the user."""
    fresh = User.objects.get(pk=staff.pk)
    assert fresh.get_all_permissions() == {
        "auth.add_group",
        "auth.change_user",
        "auth.view_user",
        "conversations.view_conversation",
    }
    assert fresh.has_module_perms("conversations")
    assert not fresh.has_perm("conversations.change_conversation")


def test_it_finds_who_has_a_permission(staff: User) -> None:
    """The other way round, through both ways of having one."""
    holders = User.objects.with_perm(
        "conversations.view_conversation",
        backend="django.contrib.auth.backends.ModelBackend",
        include_superusers=False,
    )
    assert staff in holders


def test_it_reads_related_rows_in_the_order_of_a_related_field() -> None:
    """select_related with ordering: as the permission boxes of the admin list them."""
    listed = list(Permission.objects.select_related("content_type"))
    assert len(listed) == Permission.objects.count() > 0
    assert [str(permission) for permission in listed]  # reads every content type
    assert listed == sorted(
        listed,
        key=lambda it: (it.content_type.app_label, it.content_type.model, it.codename),
    )


def test_it_reads_log_entries_with_what_they_refer_to(staff: User, logged: list[str]) -> None:
    """As the admin's index does; an entry may have no content type."""
    entries: Any = LogEntry.objects.filter(user=staff).select_related("content_type", "user")
    assert [
        (entry.object_repr, entry.user.username, entry.content_type and entry.content_type.model)
        for entry in entries.order_by("object_repr")
    ] == [
        (logged[0], staff.username, "user"),
        (logged[1], staff.username, None),
        (logged[2], staff.username, "user"),
    ]


def test_it_orders_by_a_related_field_and_its_own(staff: User, logged: list[str]) -> None:
    """Both directions in one ordering."""
    entries = LogEntry.objects.filter(user=staff).select_related("user")
    ordered = entries.order_by("user__username", "-object_repr")
    assert [(entry.user, entry.object_repr) for entry in ordered] == [
        (staff, repr_) for repr_ in logged[::-1]
    ]


def test_it_reads_values_of_related_rows(staff: User, logged: list[str]) -> None:
    """values() and values_list() across a relation."""
    entries = LogEntry.objects.filter(user=staff).order_by("object_repr")
    assert list(entries.values_list("user__username", "content_type__model")) == [
        (staff.username, "user"),
        (staff.username, None),
        (staff.username, "user"),
    ]
    assert entries.values("user__username")[0] == {"user__username": staff.username}


def test_it_groups_by_a_related_value(staff: User, logged: list[str]) -> None:
    """An aggregation over a join."""
    counted: Any = LogEntry.objects.filter(user=staff).order_by().values("user__username")
    assert list(counted.annotate(entries=Count("pk"))) == [
        {"user__username": staff.username, "entries": len(logged)}
    ]


def test_it_reads_both_ends_of_a_many_to_many_relation(staff: User, name: str) -> None:
    """The rows between users and groups, with both."""
    between: Any = User.groups.through.objects.filter(user=staff).select_related("user", "group")
    assert [(row.user.username, row.group.name) for row in between.order_by("group__name")] == [
        (staff.username, f"editors-{name}"),
        (staff.username, f"viewers-{name}"),
    ]


def test_it_unites_rows_with_related_values(staff: User, logged: list[str]) -> None:
    """A union drops duplicates, also of related values."""
    entries = LogEntry.objects.order_by().values_list("user__username", "object_repr")
    united = entries.filter(object_repr=logged[0]).union(entries.filter(object_repr__in=logged[:2]))
    assert sorted(united) == [(staff.username, logged[0]), (staff.username, logged[1])]
