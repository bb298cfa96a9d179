"""The admin's pages. Importing this package, as Django does at its start, registers them."""

from conversations.admin import (
    accounts,
    breakers,
    conversations,
    dashboard,
    jobs,
    login,
    parked_events,
    records,
    switches,
)

__all__ = [
    "accounts",
    "breakers",
    "conversations",
    "dashboard",
    "jobs",
    "login",
    "parked_events",
    "records",
    "switches",
]
