"""Accounts in the administration pages: to see who can sign in, and to stop somebody. No more.

Nothing about a person who was referred is registered here or in any other package.
"""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit, sessions
from accounts.choices import LogAction
from accounts.models import User
from common.marks import Subject


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Everything is read-only but "may sign in" and "may open the administration pages"."""

    list_display = ["display_name", "email", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["display_name", "email"]
    ordering = ["display_name", "pk"]
    fields = ["display_name", "email", "is_active", "is_staff", "joined_at", "last_login"]
    readonly_fields = ["display_name", "email", "joined_at", "last_login"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Nobody can give themselves rights or lock themselves out.
        return self.has_module_permission(request) and (obj is None or obj.pk != request.user.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # by invitation only

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # the log names them

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data:
            at: datetime = timezone.now()
            locked = LogAction.ACCOUNT_LOCKED
            audit.record(
                action=LogAction.ACCOUNT_UNLOCKED if obj.is_active else locked,
                by=audit.Oneself(request.user.pk),
                at=at,
                subject=Subject("user", obj.uuid),
            )
        sessions.end_all(obj)
