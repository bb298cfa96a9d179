"""The switches of features: one for each flag that the code declares, to be set and no more."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from waffle.models import Switch

from conversations.flags import DECLARED, Flag, state_of


@admin.register(Switch)
class SwitchAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Staff switch a feature on or off; every process follows within seconds."""

    list_display = ("name", "active", "in_force", "about", "modified")
    fields = ("name", "about", "active", "in_force", "note", "modified")
    readonly_fields = ("name", "about", "in_force", "modified")
    ordering = ("name",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Switch]:
        """Leave out switches that an earlier or a later version has declared."""
        switches: QuerySet[Switch] = super().get_queryset(request)
        return switches.filter(name__in=list(Flag))

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's signature
        """Nobody would read a switch that the code does not know; it makes its own (migrate)."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """As for adding."""
        return False

    @admin.display(description="in force")
    def in_force(self, switch: Switch) -> str:
        """Show what holds, and the variable that says so where it is not the switch."""
        state = state_of(Flag(switch.name), switched=switch.active)
        word = "on" if state.on else "off"
        return f"{word}, by {switch.name.upper()}" if state.origin == "environment" else word

    @admin.display(description="what it switches")
    def about(self, switch: Switch) -> str:
        """Show what the code says of the flag."""
        return DECLARED[Flag(switch.name)].about
