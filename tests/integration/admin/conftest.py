"""Staff of the admin, logged in."""

import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex[:12]


@pytest.fixture
def staff_of(database: None, name: str) -> Callable[..., Client]:
    """Return staff, logged in, whose group has the permissions named."""

    def build(*codenames: str) -> Client:
        user = User.objects.create_user(f"staff-{name}", is_staff=True)
        group = Group.objects.create(name=f"group-{name}")
        group.permissions.set(Permission.objects.filter(codename__in=codenames))
        user.groups.add(group)
        return _in_session(user)

    return build


@pytest.fixture
def viewer(staff_of: Callable[..., Client]) -> Client:
    """Log in who may look at conversations and at nothing else."""
    return staff_of("view_conversation")


@pytest.fixture
def reader(staff_of: Callable[..., Client]) -> Client:
    """Log in who may also see what conversations say."""
    return staff_of("view_conversation", "view_conversation_content")


@pytest.fixture
def superuser(database: None, name: str) -> Client:
    """Log in who may do everything."""
    return _in_session(User.objects.create_superuser(f"super-{name}"))


def _in_session(user: User) -> Client:
    """Return a browser with a session: hashing passwords takes longer than most tests."""
    browser = Client()
    browser.force_login(user)
    return browser
