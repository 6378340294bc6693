"""Reports: which quarter to report, and whom the report is for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.country import local_day
from ncm.models import Body
from ncm.reports.periods import Quarter


class QuarterForm(forms.Form):
    """One of the quarters that can be reported, newest first."""

    quarter = forms.ChoiceField(
        label=_("Quarter"), error_messages={"invalid_choice": _("Choose a quarter from the list.")}
    )

    def __init__(self, *args: Any, quarters: Sequence[Quarter], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [str(quarter) for quarter in quarters]
        self.fields["quarter"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class BuildForm(forms.Form):
    """Whom the PDF is addressed to."""

    task_force = forms.ModelChoiceField(
        label=_("Addressed to"),
        help_text=_("The name stands on the first page."),
        queryset=Body.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=_("Nobody in particular"),
    )

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ModelChoiceField[Body] = self.fields["task_force"]  # type: ignore[assignment]
        field.queryset = Body.objects.visible_to(actor).standing(local_day(actor.at))
