"""Declaring an emergency: where, what happened, until when."""

from datetime import date, datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from common.country import current
from common.workdays import start_of_day
from partners.forms.application import AreaChoice
from partners.models import Area


class Declaration(forms.Form):
    """Two questions, and a last day where it is known."""

    area = AreaChoice(
        label=_("Where"),
        queryset=Area.objects.order_by("path"),
        empty_label=_("The whole country"),
        required=False,
    )
    reason = forms.CharField(
        label=_("What happened"),
        help_text=_("Everybody in the area reads it on every page. Nothing about a person."),
        max_length=300,
    )
    last_day = forms.DateField(
        label=_("Last day"),
        help_text=_("Such as 2026-12-31. Leave it empty if nobody knows yet: you end it then."),
        required=False,
    )

    def until(self) -> datetime | None:
        """The end of the last day, in the country."""
        last: date | None = self.cleaned_data["last_day"]
        return start_of_day(last + timedelta(days=1), current().time_zone) if last else None
