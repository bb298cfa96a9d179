"""The switches of features, which the admin's page shows: django-waffle's, by the ORM."""

from collections.abc import Mapping

import pymongo
from waffle import get_waffle_switch_model


def read_switches(*, timeout: float) -> dict[str, bool]:
    """Return what every switch is set to, by name, within `timeout` seconds.

    Raises DatabaseError, or pymongo's own errors while no connection can be made.
    """
    with pymongo.timeout(timeout):
        return {each.name: each.active for each in get_waffle_switch_model().get_all_from_db()}


def set_switch(*, name: str, on: bool, timeout: float) -> None:
    """Set a switch, and make it if it is not there. Raises as read_switches does."""
    with pymongo.timeout(timeout):
        switch, _ = get_waffle_switch_model().objects.get_or_create(
            name=name, defaults={"active": on}
        )
        if switch.active != on:
            switch.active = on
            switch.save()


def add_missing(switches: Mapping[str, bool]) -> None:
    """Make the switches that are not there; those that are stay as somebody has set them."""
    for name, on in switches.items():
        get_waffle_switch_model().objects.get_or_create(name=name, defaults={"active": on})
