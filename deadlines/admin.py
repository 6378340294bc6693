"""Corrections of the working-day calendar in the administration pages. No deadline is here."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.country import current
from deadlines.models import CalendarDay

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[CalendarDay]
    _Form = forms.ModelForm[CalendarDay]
else:
    _Admin = admin.ModelAdmin
    _Form = forms.ModelForm


class CalendarDayForm(_Form):
    """The parts of the country are those its profile declares."""

    subdivision = forms.ChoiceField(label=_("Part of the country"), required=False)

    class Meta:
        model = CalendarDay
        fields = ["subdivision", "day", "is_working", "name"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["subdivision"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        parts = [(place, place) for place in current().subdivisions]
        field.choices = [("", _("All of it")), *parts]


@admin.register(CalendarDay)
class CalendarDayAdmin(_Admin):
    """Days are added; a newer row for a day takes the older one's place, and none is taken away.

    Deadlines that run are not moved: they keep the calendar they were counted with.
    """

    form = CalendarDayForm
    list_display = ["day", "subdivision", "is_working", "name", "entered_at"]
    list_filter = ["is_working"]
    date_hierarchy = "day"
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(country=current().code)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: CalendarDay | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: CalendarDay | None = None) -> bool:
        return False  # how many rows there are is the calendar's version

    def has_delete_permission(self, request: HttpRequest, obj: CalendarDay | None = None) -> bool:
        return False  # the same

    def save_model(self, request: HttpRequest, obj: CalendarDay, form: Any, change: bool) -> None:
        obj.country = current().code
        obj.entered_at = timezone.now()
        obj.entered_by_id = request.user.pk
        super().save_model(request, obj, form, change)
