"""Changes of the country's rules and working days in the administration pages, to be read.

They are entered on the pages of the site, which show first what would move (`views/changes.py`).
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from common.country import current
from deadlines.models import CalendarDay, Rule

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin


class _ReadOnly(_Admin):
    """Rows are added elsewhere; a newer one takes the older one's place, and none is taken away."""

    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(country=current().code)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CalendarDay)
class CalendarDayAdmin(_ReadOnly):
    list_display = ["day", "subdivision", "is_working", "name", "entered_at"]
    list_filter = ["is_working"]
    date_hierarchy = "day"


@admin.register(Rule)
class RuleAdmin(_ReadOnly):
    list_display = ["code", "subdivision", "is_on", "valid_from", "valid_to", "entered_at"]
    list_filter = ["code", "is_on"]
