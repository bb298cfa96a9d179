"""The features' switches in the admin."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from waffle.models import Switch

from tests.integration.admin.pages import page

SWITCHES = "/admin/waffle/switch/"
TEMPLATES = "enable_conversation_templates"


@pytest.fixture
def switch(database: None) -> Any:
    """Return a switch, which is on again afterwards."""
    found = Switch.objects.get(name=TEMPLATES)
    yield found
    Switch.objects.filter(name=TEMPLATES).update(active=True)


def url_of(switch: Switch) -> str:
    return f"{SWITCHES}{switch.pk}/change/"


def test_it_lists_one_switch_for_each_flag(staff_of: Callable[..., Client]) -> None:
    """Set to the defaults by `migrate`; others that the database may hold are not shown."""
    Switch.objects.create(name="from_another_version")
    html = page(staff_of("view_switch"), SWITCHES)
    names = re.findall(r'<a href="/admin/waffle/switch/\w{24}/change/[^>]*>\s*(\w+)', html)
    assert names == ["enable_bulk_operations", "enable_conversation_analytics", TEMPLATES]
    actives = dict(Switch.objects.values_list("name", "active"))
    assert [actives[name] for name in names] == [True, False, True]
    Switch.objects.filter(name="from_another_version").delete()


def test_it_lets_staff_flip_a_switch(staff_of: Callable[..., Client], switch: Switch) -> None:
    """With the permission to change it; the log then says who did it."""
    browser = staff_of("view_switch", "change_switch")
    answer = browser.post(url_of(switch), {"note": "Too many templates."})
    assert answer.status_code == 302, answer.content
    changed = Switch.objects.get(name=TEMPLATES)
    assert (changed.active, changed.note) == (False, "Too many templates.")
    assert changed.modified > switch.modified
    assert "staff-" in page(browser, url_of(switch).replace("/change/", "/history/"))
    browser.post(url_of(switch), {"active": "on"})
    assert Switch.objects.get(name=TEMPLATES).active


def test_it_flips_nothing_for_those_who_may_only_look(
    staff_of: Callable[..., Client], switch: Switch
) -> None:
    """Nor for staff without any permission on switches."""
    viewer = staff_of("view_switch")
    assert viewer.post(url_of(switch), {"note": ""}).status_code == 403
    assert Switch.objects.get(name=TEMPLATES).active


def test_it_neither_adds_renames_nor_deletes(superuser: Client, switch: Switch) -> None:
    """Not even for a superuser: the code knows its flags, and `migrate` makes their switches."""
    assert superuser.get(f"{SWITCHES}add/").status_code == 403
    assert superuser.post(f"{SWITCHES}{switch.pk}/delete/", {"post": "yes"}).status_code == 403
    superuser.post(url_of(switch), {"active": "on", "name": "enable_something"})
    assert Switch.objects.get(pk=switch.pk).name == TEMPLATES


def test_it_shows_what_the_environment_has_decided(
    superuser: Client, switch: Switch, settings: Any
) -> None:
    """The switch may be set, and what holds is said beside it."""
    settings.CONFIG = settings.CONFIG.model_copy(update={TEMPLATES: False})
    assert "off, by ENABLE_CONVERSATION_TEMPLATES" in page(superuser, url_of(switch))
    assert "off, by ENABLE_CONVERSATION_TEMPLATES" in page(superuser, SWITCHES)
