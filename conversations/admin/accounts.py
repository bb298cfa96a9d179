"""Staff accounts and their groups: Django's own pages with the admin's own looks.

By Django's own rules whoever may change users may make themselves superuser. Here what an account
may do, and the accounts of superusers, are for superusers alone.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

POWERS = ("is_superuser", "groups", "user_permissions")

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]  # unfold has no types
    """Who may log in here, and what they may do. The API's callers are no accounts."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is shown and cannot be sent: what an account may do, but to superusers."""
        fields = super().get_readonly_fields(request, obj)
        return fields if _is_superuser(request.user) else (*fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change an account, its password too."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may delete an account, in the list too."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Permissions under one name."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers alone."""
        return _is_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Superusers alone: it is what all members may do."""
        return _is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Superusers alone."""
        return _is_superuser(request.user)


def _may_touch(request: HttpRequest, account: Any) -> bool:
    return account is None or not account.is_superuser or _is_superuser(request.user)


def _is_superuser(user: Any) -> bool:
    return bool(user.is_superuser)
