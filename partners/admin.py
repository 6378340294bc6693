"""The country's areas, kinds of service and standards in the administration pages. Nothing about a
person or an organisation."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from partners.models import Area, ServiceStandard, ServiceType


@admin.register(Area)
class AreaAdmin(admin.ModelAdmin):
    """Areas are added and renamed. Where one lies is fixed: it is found by its path."""

    list_display = ["name", "code", "level", "parent"]
    list_filter = ["level"]
    search_fields = ["name", "code"]
    ordering = ["path"]
    list_select_related = ["parent"]
    fields = ["code", "name", "level", "parent"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["code", "parent"] if obj is not None else []

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # contacts and organisations name it


class _List(admin.ModelAdmin):
    """A list the country edits: rows are added and renamed, and taken out of use by a tick."""

    search_fields = ["code"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["code"] if obj is not None else []

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # services and inspections name it


@admin.register(ServiceType)
class ServiceTypeAdmin(_List):
    list_display = ["code", "name", "standard_code", "role", "is_active"]
    fields = ["code", "names", "standard_code", "role", "rank", "is_active"]


@admin.register(ServiceStandard)
class ServiceStandardAdmin(_List):
    list_display = ["code", "name", "issued_by", "is_active"]
    fields = ["code", "standard_code", "name", "issued_by", "kinds", "months", "is_active"]
