"""Naming who decides: under which name of the profile, and which organisation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.country import current
from referrals.deciding import stages_of
from referrals.services.seats import able_to_decide


class NameDecider(forms.Form):
    """Which organisation stands behind which of the country's names."""

    authority = forms.ChoiceField(label=_("For which body"), widget=forms.RadioSelect)
    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=able_to_decide().none(),
        empty_label=_("Choose an organisation"),
        help_text=_("Members that hold the capacity of a competent authority."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["authority"].choices = [  # type: ignore[attr-defined]
            (each.id, f"{each.name} ({stages_of(each.id)})") for each in current().authorities
        ]
        field = self.fields["organisation"]
        field.queryset = able_to_decide().order_by("name", "pk")  # type: ignore[attr-defined]
        field.label_from_instance = lambda each: each.display_name  # type: ignore[attr-defined]
